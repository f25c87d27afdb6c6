-- collection: jobs
DELETE FROM jobs
WHERE lease = ANY(%(leases)s::text[])
