-- Use counters of indexes on one node, and the writes it counted.
SELECT
    s.schemaname AS schema,
    s.relname AS "table",
    s.indexrelname AS name,
    coalesce(s.idx_scan, 0) AS scans,
    coalesce(pg_catalog.to_jsonb(s) ->> 'last_idx_scan', '') AS last_used
FROM pg_catalog.pg_stat_user_indexes s
ORDER BY 1, 2, 3
