WITH dropped AS (
    DELETE FROM jobs WHERE job_id = ANY(%(jobs)s::bigint[])
)
DELETE FROM dead_letters WHERE job_id = ANY(%(jobs)s::bigint[])
