-- Whether HypoPG is here, where, and whether this session is ours alone.
SELECT
    (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'hypopg') AS version,
    (SELECT n.nspname::text FROM pg_catalog.pg_extension AS e
     JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg') AS schema,
    EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS a WHERE a.name = 'hypopg') AS available,
    pg_catalog.pg_is_in_recovery() AS standby,
    pg_catalog.pg_backend_pid() AS pid
