-- What a server counted for each table: rows written, and blocks found in its cache or read.
SELECT s.relid::bigint AS oid,
       s.schemaname::text AS schema,
       s.relname::text AS name,
       coalesce(s.n_tup_ins, 0) AS inserts,
       coalesce(s.n_tup_upd, 0) AS updates,
       coalesce(s.n_tup_del, 0) AS deletes,
       coalesce(s.n_tup_hot_upd, 0) AS hot_updates,
       coalesce(b.heap_blks_hit, 0) AS heap_hit,
       coalesce(b.heap_blks_read, 0) AS heap_read,
       coalesce(b.idx_blks_hit, 0) AS index_hit,
       coalesce(b.idx_blks_read, 0) AS index_read,
       coalesce(pg_catalog.pg_relation_size(s.relid), 0) AS size
  FROM pg_catalog.pg_stat_user_tables AS s
  LEFT JOIN pg_catalog.pg_statio_user_tables AS b ON b.relid = s.relid
 ORDER BY s.schemaname, s.relname
