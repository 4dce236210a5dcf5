-- Who one backend of ours waits for: sessions by pid, prepared transactions, which have none, by their gid. A build waits
-- for the transaction of a prepared one, so that is the lock it lacks.
SELECT b.pid,
       '' AS gid,
       COALESCE(a.usename::text, '') AS role,
       COALESCE(a.application_name, '') AS application,
       COALESCE(a.state, '') AS state,
       COALESCE(a.query, '') AS query,
       COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - COALESCE(a.xact_start, a.query_start))::float8, 0) AS seconds
FROM (SELECT DISTINCT unnest(pg_catalog.pg_blocking_pids(%(pid)s)) AS pid) b
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
WHERE b.pid > 0
UNION ALL
SELECT 0, x.gid::text, x.owner::text, '', '', '',
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - x.prepared)::float8
FROM pg_catalog.pg_prepared_xacts x
WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_locks l
              WHERE l.pid = %(pid)s AND NOT l.granted
                AND l.locktype = 'transactionid' AND l.transactionid = x.transaction)
ORDER BY 1, 2
