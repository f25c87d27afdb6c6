-- postgresql_statement_calls_total: Executions of a statement.
-- postgresql_statement_seconds_total: Time spent in a statement.
-- postgresql_statement_rows_total: Rows a statement has returned or changed.
SELECT queryid::text AS query_id,
       left(regexp_replace(query, '\s+', ' ', 'g'), 80) AS query,
       sum(calls) AS postgresql_statement_calls_total,
       sum(total_exec_time) / 1000 AS postgresql_statement_seconds_total,
       sum(rows) AS postgresql_statement_rows_total
FROM pg_stat_statements
JOIN pg_database ON pg_database.oid = dbid AND datname = current_database()
WHERE toplevel
GROUP BY 1, 2
ORDER BY 4 DESC
LIMIT 25
