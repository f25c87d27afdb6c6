-- postgresql_connection_max: Sessions that PostgreSQL allows.
-- postgresql_connection_used: Sessions there are now.
SELECT current_setting('max_connections')::integer AS postgresql_connection_max,
       count(*) FILTER (WHERE backend_type = 'client backend') AS postgresql_connection_used
FROM pg_stat_activity
