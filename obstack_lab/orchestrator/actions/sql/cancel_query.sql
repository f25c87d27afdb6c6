SELECT pid, coalesce(application_name, '') AS application, state,
       left(regexp_replace(query, '\s+', ' ', 'g'), 60) AS query,
       CASE WHEN state = 'active' THEN pg_cancel_backend(pid) ELSE false END AS done
FROM pg_stat_activity
WHERE pid = %(pid)s AND backend_type = 'client backend' AND pid <> pg_backend_pid();
