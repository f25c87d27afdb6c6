-- The value that ALTER SYSTEM has set; no row where it has not.
SELECT setting
FROM pg_file_settings
WHERE name = %(name)s AND sourcefile LIKE '%%/postgresql.auto.conf'
