-- collection: jobs
-- Take the newest job that is due.
WITH due AS (
    SELECT job_id
    FROM jobs
    WHERE run_at <= now()
      AND (leased_until IS NULL OR leased_until < now())
      AND kind <> ALL(%(paused)s::text[])
    ORDER BY priority, job_id DESC
    LIMIT least(1, %(limit)s)
    FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET attempts = attempts + 1,
    lease = %(lease)s || '/' || jobs.job_id || '/' || attempts + 1,
    leased_until = now() + %(seconds)s * interval '1 second'
FROM due
WHERE jobs.job_id = due.job_id
RETURNING jobs.job_id, kind, priority, subject, payload, traceparent, attempts, lease,
          extract(epoch FROM now() - queued_at)::double precision AS waited
