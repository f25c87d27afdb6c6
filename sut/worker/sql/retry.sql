UPDATE jobs
SET leased_until = NULL, lease = '', last_error = %(error)s,
    run_at = now() + %(seconds)s * interval '1 second'
WHERE job_id = %(job_id)s AND lease = %(lease)s
