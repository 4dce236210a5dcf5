-- Which server this is, to tell a standby of the source from the source itself and from a stranger.
SELECT
    pg_catalog.to_char(pg_catalog.pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS started,
    (SELECT d.oid::bigint FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS database,
    CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') THEN
        (SELECT s.system_identifier::text FROM pg_catalog.pg_control_system() s)
    ELSE '' END AS system
