-- Which server counts, its clock, and every time that moves when its counters begin anew. What may not be read is left empty.
SELECT
    pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS taken_at,
    CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') THEN
        (SELECT s.system_identifier::text FROM pg_catalog.pg_control_system() AS s)
    ELSE '' END AS system,
    d.oid::bigint AS database_oid,
    d.datname::text AS database,
    pg_catalog.current_setting('server_version_num')::int AS server_version,
    -- Right after a promotion the checkpoint still has the old timeline; the name of the file that is written has the new one.
    CASE
        WHEN NOT pg_catalog.pg_is_in_recovery()
            THEN ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int
        WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE')
            THEN (SELECT c.timeline_id FROM pg_catalog.pg_control_checkpoint() AS c)
        ELSE 0
    END AS timeline,
    pg_catalog.pg_is_in_recovery() AS standby,
    pg_catalog.current_setting('track_counts')::boolean AS counting,
    coalesce(pg_catalog.pg_postmaster_start_time()::text, '') AS started,
    coalesce((SELECT s.stats_reset::text FROM pg_catalog.pg_stat_database AS s WHERE s.datid = d.oid), '') AS reset_database,
    coalesce((SELECT s.stats_reset::text FROM pg_catalog.pg_stat_bgwriter AS s), '') AS reset_bgwriter,
    coalesce((SELECT s.stats_reset::text FROM pg_catalog.pg_stat_wal AS s), '') AS reset_wal,
    coalesce((SELECT s.stats_reset::text FROM pg_catalog.pg_stat_archiver AS s), '') AS reset_archiver,
    (
        SELECT pg_catalog.count(*)
          FROM pg_catalog.pg_stat_replication AS r
         WHERE coalesce(r.state, '') <> 'backup'
           AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_replication_slots AS s WHERE s.active_pid = r.pid AND s.slot_type = 'logical'
           )
    ) + (
        SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_type = 'physical' AND NOT s.active
    ) AS standbys
  FROM pg_catalog.pg_database AS d
 WHERE d.datname = pg_catalog.current_database()
