-- Bytes of tables, indexes and temporary tables that sessions and their parallel workers read and wrote (PostgreSQL 18).
SELECT
    COALESCE(sum(io.read_bytes), 0) AS read_bytes,
    COALESCE(sum(io.write_bytes), 0) + COALESCE(sum(io.extend_bytes), 0) AS written_bytes
FROM pg_catalog.pg_stat_io AS io
WHERE io.backend_type IN ('client backend', 'background worker')
  AND io.object IN ('relation', 'temp relation')
