-- What kind of server this is, and who we are on it.
SELECT pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.pg_backend_pid() AS backend_pid,
       current_user::text AS role,
       d.datname::text AS database,
       d.oid::bigint AS database_oid
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
