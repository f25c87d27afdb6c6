-- Runs, journals and samples: SQL that SQLite and PostgreSQL both speak. Run at each start.
CREATE TABLE IF NOT EXISTS runs (
    id VARCHAR PRIMARY KEY,
    created_at FLOAT NOT NULL,
    scenario VARCHAR NOT NULL,
    ended_at FLOAT,
    outcome VARCHAR,
    state VARCHAR NOT NULL, -- the run as JSON
    learner VARCHAR NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS journal (
    run VARCHAR NOT NULL REFERENCES runs (id),
    seq INTEGER NOT NULL,
    at FLOAT NOT NULL,
    kind VARCHAR NOT NULL,
    entry VARCHAR NOT NULL, -- the entry as JSON
    PRIMARY KEY (run, seq)
);
CREATE TABLE IF NOT EXISTS samples (
    run VARCHAR NOT NULL REFERENCES runs (id),
    seq INTEGER NOT NULL,
    at FLOAT NOT NULL,
    success_ratio FLOAT,
    requests INTEGER NOT NULL,
    users_affected INTEGER NOT NULL,
    requests_lost INTEGER NOT NULL,
    downtime FLOAT NOT NULL,
    p95 FLOAT,
    PRIMARY KEY (run, seq)
);
