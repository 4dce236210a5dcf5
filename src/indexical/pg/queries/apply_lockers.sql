-- Who holds a lock of the given modes on a table: sessions by pid, prepared transactions by their gid.
SELECT l.pid,
       '' AS gid,
       COALESCE(a.usename::text, '') AS role,
       COALESCE(a.application_name, '') AS application,
       COALESCE(a.state, '') AS state,
       COALESCE(a.query, '') AS query,
       COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - COALESCE(a.xact_start, a.query_start))::float8, 0) AS seconds
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation'
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  AND l.relation = %(table)s::bigint::oid
  AND l.mode = ANY (%(modes)s::text[])
  AND l.granted
  AND l.pid <> pg_catalog.pg_backend_pid()
GROUP BY 1, 2, 3, 4, 5, 6, 7
UNION ALL
SELECT 0, x.gid::text, x.owner::text, '', '', '',
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - x.prepared)::float8
FROM pg_catalog.pg_prepared_xacts x
JOIN pg_catalog.pg_locks own
  ON own.locktype = 'transactionid' AND own.transactionid = x.transaction AND own.granted AND own.pid IS NULL
WHERE x.database = pg_catalog.current_database()
  AND EXISTS (SELECT 1 FROM pg_catalog.pg_locks l
              WHERE l.virtualtransaction = own.virtualtransaction AND l.pid IS NULL AND l.locktype = 'relation'
                AND l.relation = %(table)s::bigint::oid AND l.mode = ANY (%(modes)s::text[]))
ORDER BY 1, 2
