SELECT pid, coalesce(application_name, '') AS application, coalesce(state, '') AS state,
       pg_terminate_backend(pid, 2000) AS done
FROM pg_stat_activity
WHERE backend_type = 'client backend'
  AND pid <> pg_backend_pid()
  AND datname = current_database()
  AND (%(session)s::int IS NULL OR pid = %(session)s::int)
  AND (%(application)s::text IS NULL OR application_name = %(application)s::text)
  AND (%(state)s::text IS NULL OR state = %(state)s::text)
  AND now() - coalesce(xact_start, state_change) >= make_interval(secs => %(older_than)s);
