-- What a server counted for each index, without waiting for who has locked one for itself: of such a one the definition is empty
-- and the size 0. The hash is of the definition, which an index keeps through REINDEX and a rename of others.
WITH locked AS MATERIALIZED (
    SELECT l.relation
      FROM pg_catalog.pg_locks AS l
      JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
     WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
)
SELECT s.indexrelid::bigint AS oid,
       s.schemaname::text AS schema,
       s.relname::text AS "table",
       s.indexrelname::text AS name,
       CASE WHEN k.free THEN pg_catalog.md5(pg_catalog.pg_get_indexdef(s.indexrelid)) ELSE '' END AS definition,
       coalesce(s.idx_scan, 0) AS scans,
       coalesce(s.idx_tup_read, 0) AS tuples_read,
       coalesce(s.idx_tup_fetch, 0) AS tuples_fetched,
       coalesce(pg_catalog.to_jsonb(s) ->> 'last_idx_scan', '') AS last_scan,
       CASE WHEN k.free THEN coalesce(pg_catalog.pg_relation_size(s.indexrelid), 0) ELSE 0 END AS size,
       coalesce(b.idx_blks_hit, 0) AS blocks_hit,
       coalesce(b.idx_blks_read, 0) AS blocks_read
  FROM pg_catalog.pg_stat_user_indexes AS s
 CROSS JOIN LATERAL (
     SELECT NOT EXISTS (SELECT FROM locked WHERE locked.relation IN (s.relid, s.indexrelid)) AS free
 ) AS k
  LEFT JOIN pg_catalog.pg_statio_user_indexes AS b ON b.indexrelid = s.indexrelid
 ORDER BY s.schemaname, s.relname, s.indexrelname
