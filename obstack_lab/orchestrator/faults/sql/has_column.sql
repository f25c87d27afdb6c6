SELECT count(*) > 0
FROM pg_attribute
WHERE attrelid = to_regclass(%(table)s) AND attname = %(column)s AND NOT attisdropped
