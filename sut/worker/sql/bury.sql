-- collection: dead_letters
WITH dead AS (
    DELETE FROM jobs
    WHERE job_id = %(job_id)s AND lease = %(lease)s
    RETURNING job_id, kind, priority, subject, payload, traceparent, attempts, queued_at
)
INSERT INTO dead_letters (job_id, kind, priority, subject, payload, traceparent, attempts,
                          queued_at, last_error)
SELECT job_id, kind, priority, subject, payload, traceparent, attempts, queued_at, %(error)s
FROM dead
