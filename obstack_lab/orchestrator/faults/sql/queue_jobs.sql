INSERT INTO jobs (kind, priority, payload)
SELECT %(kind)s, %(priority)s, %(payload)s::jsonb
FROM generate_series(1, %(count)s::integer)
RETURNING job_id
