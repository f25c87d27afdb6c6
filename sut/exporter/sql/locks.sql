-- postgresql_locks: Locks on tables, by mode and whether they are held or waited for.
SELECT coalesce(relation::regclass::text, '') AS db_collection_name,
       mode,
       CASE WHEN granted THEN 'held' ELSE 'awaited' END AS lock_state,
       count(*) AS postgresql_locks
FROM pg_locks
WHERE locktype = 'relation'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND relation::regclass::text NOT LIKE 'pg\_%'
  AND pid <> pg_backend_pid()
GROUP BY 1, 2, 3
