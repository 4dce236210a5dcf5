-- What the current database has done since its counters began; WAL is the whole server's, and unknown on a standby.
SELECT
    d.blks_hit AS hit,
    d.blks_read AS read,
    d.temp_bytes AS temp_bytes,
    d.xact_commit AS commits,
    d.xact_rollback AS rollbacks,
    COALESCE(d.stats_reset::text, '') AS reset,
    t.seq_scans,
    t.seq_rows,
    i.index_scans,
    i.index_entries,
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL
         ELSE pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')
    END AS wal
FROM pg_catalog.pg_stat_database AS d
CROSS JOIN (
    SELECT COALESCE(sum(s.seq_scan), 0) AS seq_scans, COALESCE(sum(s.seq_tup_read), 0) AS seq_rows
    FROM pg_catalog.pg_stat_user_tables AS s
) AS t
CROSS JOIN (
    SELECT COALESCE(sum(x.idx_scan), 0) AS index_scans, COALESCE(sum(x.idx_tup_read), 0) AS index_entries
    FROM pg_catalog.pg_stat_user_indexes AS x
) AS i
WHERE d.datname = pg_catalog.current_database()
