SELECT count(*) FROM jobs WHERE job_id = ANY(%(jobs)s::bigint[])
