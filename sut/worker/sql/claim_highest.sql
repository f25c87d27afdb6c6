-- collection: jobs
-- Take what is due: the highest priority first, and of one subject only the first.
WITH due AS (
    SELECT job_id
    FROM jobs
    WHERE run_at <= now()
      AND (leased_until IS NULL OR leased_until < now())
      AND kind <> ALL(%(paused)s::text[])
      AND (subject = '' OR NOT EXISTS (
          SELECT 1 FROM jobs AS earlier
          WHERE earlier.subject = jobs.subject AND earlier.subject <> ''
            AND earlier.job_id < jobs.job_id))
    ORDER BY priority DESC, run_at, job_id
    LIMIT %(limit)s
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
