-- Our role, what it may see, and the settings with which a session of ours begins: reset_val is what the server, the
-- database, the role and the URL say, whatever this session has set since. A role without pg_read_all_settings does not
-- see where the data directory is.
SELECT r.rolsuper AS superuser,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_activity,
       (SELECT pg_catalog.jsonb_object_agg(s.name, s.reset_val)
        FROM pg_catalog.pg_settings s
        WHERE s.name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout',
                         'idle_session_timeout', 'default_transaction_read_only', 'default_tablespace',
                         'maintenance_work_mem', 'temp_file_limit', 'data_directory', 'max_slot_wal_keep_size',
                         'max_wal_size', 'wal_segment_size', 'synchronous_standby_names', 'synchronous_commit',
                         'max_connections', 'superuser_reserved_connections', 'reserved_connections')) AS settings,
       COALESCE((SELECT pg_catalog.pg_tablespace_location(t.oid)
                 FROM pg_catalog.pg_tablespace t
                 JOIN pg_catalog.pg_settings s ON s.name = 'default_tablespace' AND s.reset_val = t.spcname),
                pg_catalog.pg_tablespace_location(d.dattablespace)) AS location,
       (SELECT COALESCE(pg_catalog.sum(s.numbackends), 0)::bigint FROM pg_catalog.pg_stat_database s) AS sessions,
       CASE WHEN d.datconnlimit < 0 THEN NULL
            ELSE d.datconnlimit - pg_catalog.pg_stat_get_db_numbackends(d.oid) END AS database_left,
       CASE WHEN r.rolconnlimit < 0 THEN NULL
            ELSE r.rolconnlimit - (SELECT pg_catalog.count(*)::integer FROM pg_catalog.pg_stat_activity a
                                   WHERE a.usesysid = r.oid) END AS role_left
FROM pg_catalog.pg_roles r
JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
WHERE r.rolname = current_user
