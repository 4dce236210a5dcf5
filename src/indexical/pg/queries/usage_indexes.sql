-- What a server counted for each index. The hash is of the definition, which an index keeps through REINDEX and a rename of others.
SELECT s.indexrelid::bigint AS oid,
       s.schemaname::text AS schema,
       s.relname::text AS "table",
       s.indexrelname::text AS name,
       pg_catalog.md5(pg_catalog.pg_get_indexdef(s.indexrelid)) AS definition,
       coalesce(s.idx_scan, 0) AS scans,
       coalesce(s.idx_tup_read, 0) AS tuples_read,
       coalesce(s.idx_tup_fetch, 0) AS tuples_fetched,
       coalesce(pg_catalog.to_jsonb(s) ->> 'last_idx_scan', '') AS last_scan,
       coalesce(pg_catalog.pg_relation_size(s.indexrelid), 0) AS size
  FROM pg_catalog.pg_stat_user_indexes AS s
 ORDER BY s.schemaname, s.relname, s.indexrelname
