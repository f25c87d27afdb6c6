-- Whether any index of the table begins with this column: that is as good as the one it had.
SELECT count(*) > 0
FROM pg_index
WHERE indrelid = to_regclass(%(table)s) AND indkey[0] = %(column)s AND indisvalid
