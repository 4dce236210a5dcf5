-- Other sessions that hold, or wait for, a lock on the tables which stops writers: schema changes, TRUNCATE, LOCK TABLE. A
-- build that gets in between such a session and its lock makes everybody queue behind both.
SELECT l.relation::bigint AS table_oid,
       l.pid,
       COALESCE(a.usename::text, '') AS role,
       COALESCE(a.application_name, '') AS application,
       COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.query_start)::float8, 0) AS seconds,
       COALESCE(a.query, '') AS query,
       pg_catalog.bool_and(l.granted) AS granted
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation'
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  AND l.relation = ANY (%(tables)s::bigint[]::oid[])
  AND (l.mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
       OR (NOT l.granted AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock')))
  AND l.pid IS NOT NULL
  AND l.pid <> pg_catalog.pg_backend_pid()
  AND COALESCE(a.backend_type, '') <> 'autovacuum worker'
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2
