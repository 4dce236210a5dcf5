-- What ran in this database, by statement, for versions 1.8 and later of the extension. The search path leads to it.
-- Only what reads or writes rows: texts of anything else may hold what somebody typed, a password even.
SELECT s.queryid::text AS id,
       "left"(min(s.query), 20000) AS query,
       pg_catalog.sum(s.calls)::float8 AS calls,
       pg_catalog.sum(s.total_exec_time)::float8 AS total_ms,
       pg_catalog.sum(s.calls * (s.stddev_exec_time ^ 2 + s.mean_exec_time ^ 2))::float8 AS squares,
       (SELECT i.stats_reset::text FROM pg_stat_statements_info AS i) AS reset,
       (SELECT i.dealloc::bigint FROM pg_stat_statements_info AS i) AS forgotten
  FROM pg_stat_statements AS s
 WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
   AND s.queryid IS NOT NULL
   AND s.query ~* '^\s*(/\*.*?\*/\s*)*(select|insert|update|delete|merge|with)\M'
 GROUP BY s.queryid
 ORDER BY s.queryid
