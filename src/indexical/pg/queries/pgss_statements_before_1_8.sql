-- What ran in this database, for versions of the extension before 1.8, which an upgraded server may still have.
SELECT "left"(s.query, 100001) AS query,
       pg_catalog.sum(s.calls)::float8 AS calls,
       pg_catalog.sum(s.total_time)::float8 AS total_ms,
       pg_catalog.sum(s.rows)::float8 AS rows
  FROM pg_stat_statements AS s
 WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
 GROUP BY s.query, s.queryid
 ORDER BY total_ms DESC, calls DESC, query
