-- collection: jobs
-- Take the job that came first, once it is due; none overtakes it.
WITH head AS (
    SELECT job_id
    FROM jobs
    WHERE kind <> ALL(%(paused)s::text[])
    ORDER BY job_id
    LIMIT least(1, %(limit)s)
)
UPDATE jobs
SET attempts = attempts + 1,
    lease = %(lease)s || '/' || jobs.job_id || '/' || attempts + 1,
    leased_until = now() + %(seconds)s * interval '1 second'
FROM head
WHERE jobs.job_id = head.job_id
  AND run_at <= now()
  AND (leased_until IS NULL OR leased_until < now())
RETURNING jobs.job_id, kind, priority, subject, payload, traceparent, attempts, lease,
          extract(epoch FROM now() - queued_at)::double precision AS waited
