-- Servers that stream from this one. Without pg_read_all_stats only that there is one can be seen.
SELECT COALESCE(NULLIF(r.application_name, ''), 'standby') AS name,
       r.pid,
       COALESCE(r.state, '') AS state,
       COALESCE(r.sync_state, '') AS sync,
       COALESCE(pg_catalog.pg_wal_lsn_diff(
           CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                ELSE pg_catalog.pg_current_wal_lsn() END, r.replay_lsn), 0)::bigint AS behind,
       COALESCE(EXTRACT(epoch FROM r.replay_lag)::float8, 0) AS seconds,
       r.backend_xmin IS NOT NULL AS feedback
FROM pg_catalog.pg_stat_replication r
WHERE r.state IS DISTINCT FROM 'backup'
ORDER BY 1, 2
