-- What ran in this database, for the versions 1.8 and later of the extension. The search path leads to it.
-- A text is cut one character beyond what is read, so that a huge one never travels whole.
SELECT "left"(s.query, 100001) AS query,
       pg_catalog.sum(s.calls)::float8 AS calls,
       pg_catalog.sum(s.total_exec_time)::float8 AS total_ms,
       pg_catalog.sum(s.rows)::float8 AS rows
  FROM pg_stat_statements AS s
 WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
 GROUP BY s.query, s.queryid
 ORDER BY total_ms DESC, calls DESC, query
