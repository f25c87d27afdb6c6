-- postgresql_commits_total: Transactions committed.
-- postgresql_rollbacks_total: Transactions rolled back.
-- postgresql_deadlocks_total: Deadlocks that PostgreSQL has broken.
-- postgresql_blocks_hit_total: Blocks found in the buffer cache.
-- postgresql_blocks_read_total: Blocks that were not in the buffer cache.
-- postgresql_temp_bytes_total: Bytes written to temporary files.
-- postgresql_rows_returned_total: Rows that scans have read.
-- postgresql_rows_fetched_total: Rows that index scans have fetched.
-- postgresql_database_size_bytes: Size of the database on disk.
SELECT datname AS db_namespace,
       xact_commit AS postgresql_commits_total,
       xact_rollback AS postgresql_rollbacks_total,
       deadlocks AS postgresql_deadlocks_total,
       blks_hit AS postgresql_blocks_hit_total,
       blks_read AS postgresql_blocks_read_total,
       temp_bytes AS postgresql_temp_bytes_total,
       tup_returned AS postgresql_rows_returned_total,
       tup_fetched AS postgresql_rows_fetched_total,
       pg_database_size(datid) AS postgresql_database_size_bytes
FROM pg_stat_database
WHERE datname = current_database()
