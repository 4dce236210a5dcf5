-- The dearest statements of this database, for versions 1.8 and later of the extension. The search path leads to it.
-- Only what reads or writes rows: texts of anything else may hold what somebody typed, a password even.
SELECT s.queryid::text AS id,
       "left"(pg_catalog.min(s.query), 1000) AS query,
       pg_catalog.sum(s.calls)::bigint AS calls,
       pg_catalog.sum(s.total_exec_time)::float8 AS total_ms,
       (SELECT i.stats_reset::text FROM pg_stat_statements_info AS i) AS since
  FROM pg_stat_statements AS s
 WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
   AND s.queryid IS NOT NULL
   AND s.query ~* '^\s*(/\*.*?\*/\s*)*(select|insert|update|delete|merge|with)\M'
   -- What asks the catalog is not the application: ours above all.
   AND s.query !~ '\mpg_(catalog|stat|statio)'
 GROUP BY s.queryid
 ORDER BY total_ms DESC, s.queryid
 LIMIT %(most)s
