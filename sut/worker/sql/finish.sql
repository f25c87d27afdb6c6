-- collection: jobs
DELETE FROM jobs
WHERE job_id = %(job_id)s AND lease = %(lease)s
RETURNING job_id
