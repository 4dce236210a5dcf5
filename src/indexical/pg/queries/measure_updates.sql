-- Updates of one table since the statistics began, and how many of them stayed heap-only.
SELECT COALESCE(s.n_tup_upd, 0) AS updates, COALESCE(s.n_tup_hot_upd, 0) AS hot
FROM pg_catalog.pg_stat_user_tables s
WHERE s.schemaname = %(schema)s AND s.relname = %(table)s
