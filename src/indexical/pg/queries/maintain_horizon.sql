-- What keeps VACUUM from removing dead rows: the oldest snapshots, prepared transactions and replication slots.
SELECT 'pid ' || a.pid AS who,
       coalesce(a.usename::text, '') AS role,
       pg_catalog.age(a.backend_xmin)::bigint AS transactions,
       coalesce(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8, 0) AS seconds
  FROM pg_catalog.pg_stat_activity AS a
 WHERE a.backend_xmin IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
   AND a.xact_start < pg_catalog.clock_timestamp() - interval '5 minutes'
UNION ALL
SELECT 'prepared transaction ' || p.gid, p.owner::text, pg_catalog.age(p.transaction)::bigint,
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::float8
  FROM pg_catalog.pg_prepared_xacts AS p
 WHERE p.prepared < pg_catalog.clock_timestamp() - interval '5 minutes'
UNION ALL
SELECT 'replication slot ' || s.slot_name, '', pg_catalog.age(coalesce(s.xmin, s.catalog_xmin))::bigint, 0
  FROM pg_catalog.pg_replication_slots AS s
 WHERE NOT s.active AND s.xmin IS NOT NULL
 ORDER BY 4 DESC, 1
