-- How an index is made again: as itself, or as the constraint that stands on it.
SELECT coalesce(
           'ALTER TABLE ' || indrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(conname)
               || ' ' || pg_get_constraintdef(pg_constraint.oid),
           pg_get_indexdef(indexrelid)),
       indrelid::regclass::text,
       indkey[0]::integer,
       coalesce('ALTER TABLE ' || indrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname),
                'DROP INDEX ' || indexrelid::regclass)
FROM pg_index
LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u')
WHERE indexrelid = to_regclass(%(name)s)
