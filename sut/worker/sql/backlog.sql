SELECT kind, priority,
       count(*) FILTER (WHERE leased_until IS NULL OR leased_until < now()) AS queued,
       extract(epoch FROM now() - min(queued_at))::double precision AS oldest
FROM jobs
GROUP BY kind, priority
