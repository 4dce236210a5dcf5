-- What one node counted of writes.
SELECT
    s.schemaname AS schema,
    s.relname AS name,
    coalesce(s.n_tup_ins, 0) AS inserts,
    coalesce(s.n_tup_upd, 0) AS updates,
    coalesce(s.n_tup_hot_upd, 0) AS hot_updates,
    coalesce(s.n_tup_del, 0) AS deletes
FROM pg_catalog.pg_stat_user_tables s
ORDER BY 1, 2
