-- postgresql_blocked_backends: Sessions that wait for a lock that another session holds.
-- postgresql_longest_block_seconds: How long the one that waits longest has waited for its lock.
SELECT count(*) AS postgresql_blocked_backends,
       coalesce(max(extract(epoch FROM now() - query_start)), 0)
           AS postgresql_longest_block_seconds
FROM pg_stat_activity
WHERE wait_event_type = 'Lock'
