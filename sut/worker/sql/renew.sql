UPDATE jobs
SET leased_until = now() + %(seconds)s * interval '1 second'
WHERE lease = ANY(%(leases)s::text[])
