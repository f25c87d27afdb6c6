-- postgresql_backends: Sessions by who holds them and what they do.
-- postgresql_oldest_transaction_seconds: Age of the oldest open transaction of these sessions.
SELECT coalesce(usename, '') AS db_user,
       coalesce(application_name, '') AS application_name,
       coalesce(state, '') AS state,
       coalesce(wait_event_type, '') AS wait_event_type,
       count(*) AS postgresql_backends,
       coalesce(max(extract(epoch FROM now() - xact_start)), 0)
           AS postgresql_oldest_transaction_seconds
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
GROUP BY 1, 2, 3, 4
