-- Prepared transactions that hold a lock on the tables: a concurrent build waits for them for ever, and no pid shows.
-- Their locks bear the virtual transaction of the session that prepared them, or a made-up one after a restart, so the
-- lock on their own transaction id is what leads to it.
SELECT x.gid::text AS gid,
       x.owner::text AS role,
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - x.prepared)::float8 AS seconds,
       l.relation::bigint AS table_oid
FROM pg_catalog.pg_prepared_xacts x
JOIN pg_catalog.pg_locks own
  ON own.locktype = 'transactionid' AND own.transactionid = x.transaction AND own.granted AND own.pid IS NULL
JOIN pg_catalog.pg_locks l ON l.virtualtransaction = own.virtualtransaction AND l.pid IS NULL
WHERE x.database = pg_catalog.current_database()
  AND l.locktype = 'relation'
  AND l.relation = ANY (%(tables)s::bigint[]::oid[])
  AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
GROUP BY 1, 2, 3, 4
ORDER BY 1, 4
