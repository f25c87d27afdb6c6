CREATE TABLE IF NOT EXISTS log_streams (
    id INTEGER NOT NULL,
    labels VARCHAR NOT NULL
);

CREATE TABLE IF NOT EXISTS log_lines (
    ts BIGINT NOT NULL,
    stream INTEGER NOT NULL,
    line VARCHAR NOT NULL,
    level VARCHAR,
    meta VARCHAR,
    shape UTINYINT NOT NULL
);
