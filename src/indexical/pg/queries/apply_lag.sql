-- The streaming replica that is furthest behind with what it has applied, in bytes of write-ahead log. One that still
-- catches up after its start says nothing about us. Without pg_read_all_stats the view gives no positions.
SELECT COALESCE(r.application_name, '') AS replica,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_flush_lsn(), r.replay_lsn)::float8 AS bytes
FROM pg_catalog.pg_stat_replication r
WHERE r.state = 'streaming' AND r.replay_lsn IS NOT NULL
ORDER BY 2 DESC
LIMIT 1
