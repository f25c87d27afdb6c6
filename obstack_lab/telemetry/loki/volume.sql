-- Bytes by stream and bucket. `:bucket` and `:where` are filled in; values are bound twice.
WITH lines AS (
    SELECT stream, :bucket AS bucket, line, level, meta
    FROM log_lines
    WHERE :where
),
texts AS (
    SELECT stream, bucket, sum(strlen(line) + 8 * (level IS NOT NULL)::INTEGER) AS size
    FROM lines
    GROUP BY ALL
),
pairs AS (
    SELECT stream, :bucket AS bucket, unnest(json_keys(meta)) AS name, meta
    FROM log_lines
    WHERE :where AND meta IS NOT NULL
),
symbols AS (
    SELECT stream, bucket, name AS symbol, count(*) AS pairs FROM pairs GROUP BY ALL
    UNION ALL
    SELECT stream, bucket, json_extract_string(meta, '$."' || name || '"'), 0
    FROM pairs GROUP BY ALL
    UNION ALL
    SELECT stream, bucket, level, 0 FROM lines WHERE level IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT stream, bucket, 'detected_level', 0 FROM lines WHERE level IS NOT NULL GROUP BY ALL
),
merged AS (
    SELECT stream, bucket, symbol, sum(pairs) AS pairs FROM symbols GROUP BY ALL
),
extra AS (
    SELECT stream, bucket, sum(strlen(symbol) + 8 * pairs) AS size FROM merged GROUP BY ALL
)
SELECT stream, bucket, sum(size)
FROM (SELECT * FROM texts UNION ALL SELECT * FROM extra)
GROUP BY ALL
