-- postgresql_wal_bytes_total: Bytes of write-ahead log.
-- postgresql_wal_records_total: Records of write-ahead log.
SELECT wal_bytes AS postgresql_wal_bytes_total, wal_records AS postgresql_wal_records_total
FROM pg_stat_wal
