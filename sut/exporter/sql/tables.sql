-- postgresql_sequential_scans_total: Scans of the whole table.
-- postgresql_sequential_rows_read_total: Rows that scans of the whole table have read.
-- postgresql_index_scans_total: Scans by an index.
-- postgresql_live_rows: Rows there are, as PostgreSQL estimates them.
-- postgresql_dead_rows: Rows that wait for vacuum.
SELECT relname AS db_collection_name,
       seq_scan AS postgresql_sequential_scans_total,
       seq_tup_read AS postgresql_sequential_rows_read_total,
       coalesce(idx_scan, 0) AS postgresql_index_scans_total,
       n_live_tup AS postgresql_live_rows,
       n_dead_tup AS postgresql_dead_rows
FROM pg_stat_user_tables
