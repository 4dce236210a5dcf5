-- The same in PostgreSQL 16 and 17, which count blocks.
SELECT
    COALESCE(sum(io.reads * io.op_bytes), 0) AS read_bytes,
    COALESCE(sum(io.writes * io.op_bytes), 0) + COALESCE(sum(io.extends * io.op_bytes), 0) AS written_bytes
FROM pg_catalog.pg_stat_io AS io
WHERE io.backend_type IN ('client backend', 'background worker')
  AND io.object IN ('relation', 'temp relation')
