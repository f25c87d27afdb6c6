SELECT i.indisvalid AS valid
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE c.relname = %(index)s AND c.relnamespace = 'public'::regnamespace;
