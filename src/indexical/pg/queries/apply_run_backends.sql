-- The other sessions of one run, by the name they bear.
SELECT a.pid, a.backend_start::text AS started, COALESCE(a.state, '') AS state,
       COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.state_change), 0)::float8 AS seconds
FROM pg_catalog.pg_stat_activity a
WHERE a.application_name = %(name)s
  AND a.backend_type = 'client backend'
  AND a.pid <> pg_catalog.pg_backend_pid()
ORDER BY a.backend_start, a.pid
