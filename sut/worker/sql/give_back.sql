UPDATE jobs
SET leased_until = NULL, lease = '', attempts = attempts - 1
WHERE lease = ANY(%(leases)s::text[])
