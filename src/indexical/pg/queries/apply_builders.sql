-- Other sessions that hold a lock on the tables which an index build takes too. Without pg_read_all_stats the progress
-- views hide everything but the pid, so the lock is what tells, and the views only say what kind of work it is.
SELECT l.relation::bigint AS table_oid,
       l.pid,
       COALESCE(a.usename::text, '') AS role,
       COALESCE(a.application_name, '') AS application,
       COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.query_start)::float8, 0) AS seconds,
       EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p WHERE p.pid = l.pid) AS builds,
       COALESCE(a.backend_type, '') = 'autovacuum worker'
         OR EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_vacuum p WHERE p.pid = l.pid)
         OR EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_analyze p WHERE p.pid = l.pid) AS vacuums,
       COALESCE(a.query, '') AS query
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation'
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  AND l.relation = ANY (%(tables)s::bigint[]::oid[])
  AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock')
  AND l.granted
  AND l.pid IS NOT NULL
  AND l.pid <> pg_catalog.pg_backend_pid()
ORDER BY 1, 2
