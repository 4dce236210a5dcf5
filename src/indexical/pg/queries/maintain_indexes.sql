-- B-trees of a certain size that are in order and could be built anew concurrently.
SELECT c.oid::bigint AS oid,
       n.nspname::text AS schema,
       t.relname::text AS "table",
       c.relname::text AS name,
       i.indisunique AS is_unique,
       size.bytes AS size,
       t.relpages::bigint * pg_catalog.current_setting('block_size')::bigint AS table_bytes,
       greatest(t.reltuples, 0)::float8 AS rows,
       pg_catalog.pg_has_role(c.relowner, 'USAGE')
         OR CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 170000
                 THEN pg_catalog.has_table_privilege(t.oid, 'MAINTAIN') ELSE false END AS may
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_am AS a ON a.oid = c.relam
  CROSS JOIN LATERAL (
      SELECT CASE WHEN EXISTS (
          SELECT 1 FROM pg_catalog.pg_locks AS l
           WHERE l.locktype = 'relation' AND l.relation IN (c.oid, t.oid) AND l.mode = 'AccessExclusiveLock'
             AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
             AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
      ) THEN NULL ELSE pg_catalog.pg_relation_size(c.oid) END AS bytes
  ) AS size
 WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relpersistence <> 't'
   AND i.indisvalid AND i.indisready AND i.indislive AND NOT i.indisexclusion
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
   AND size.bytes >= %(least)s
 ORDER BY n.nspname, t.relname, c.relname
