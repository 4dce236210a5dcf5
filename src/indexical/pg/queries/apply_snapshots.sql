-- Transactions that a concurrent build would have to wait for: an old snapshot in this database, or writes to the table
-- that are not committed. A VACUUM is no obstacle.
SELECT a.pid,
       COALESCE(a.usename::text, '') AS role,
       COALESCE(a.application_name, '') AS application,
       COALESCE(a.state, '') AS state,
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 AS seconds,
       COALESCE((SELECT array_agg(DISTINCT l.relation::bigint ORDER BY l.relation::bigint)
                 FROM pg_catalog.pg_locks l
                 WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted
                   AND l.relation = ANY (%(tables)s::bigint[]::oid[])
                   AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')),
                '{}') AS written,
       a.backend_xmin IS NOT NULL AS snapshot,
       COALESCE(a.query, '') AS query
FROM pg_catalog.pg_stat_activity a
WHERE a.datname = pg_catalog.current_database()
  AND a.pid <> pg_catalog.pg_backend_pid()
  AND a.backend_type = 'client backend'
  AND (a.xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %(seconds)s::float8)
       -- A dump has only begun whatever its age: it keeps its snapshot to its end.
       OR (a.application_name = 'pg_dump' AND a.xact_start IS NOT NULL))
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_vacuum p WHERE p.pid = a.pid)
ORDER BY a.xact_start, a.pid
