-- Run at each start, once the tables have all their columns.
CREATE INDEX IF NOT EXISTS ix_runs_created_at ON runs (created_at);
CREATE INDEX IF NOT EXISTS ix_runs_scenario ON runs (scenario);
CREATE INDEX IF NOT EXISTS ix_runs_learner ON runs (learner);
