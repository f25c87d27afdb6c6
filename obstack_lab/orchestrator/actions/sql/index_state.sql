SELECT i.indisvalid AS valid,
       EXISTS (SELECT FROM pg_constraint AS k
               WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u')) AS holds_key
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE c.relname = %(index)s AND c.relnamespace = 'public'::regnamespace;
