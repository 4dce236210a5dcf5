-- Sessions that wait behind our backend for a lock which, while it waits, stops the readers or writers of the table.
SELECT l.pid,
       COALESCE(a.usename::text, '') AS role,
       l.mode
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation'
  AND l.relation = %(table)s::bigint::oid
  AND NOT l.granted
  AND l.pid IS NOT NULL
  AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND %(pid)s = ANY (pg_catalog.pg_blocking_pids(l.pid))
ORDER BY 1
