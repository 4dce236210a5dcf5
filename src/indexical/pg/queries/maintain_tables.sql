-- Tables with what autovacuum would judge them by. Sizes are the last noted ones where a lock would have to be waited for.
-- relallfrozen came with PostgreSQL 18, MAINTAIN with 17.
SELECT c.oid::bigint AS oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       c.relkind::text AS kind,
       c.reltuples::float8 AS tuples,
       c.relpages::bigint AS pages,
       c.relallvisible::bigint AS all_visible,
       coalesce((pg_catalog.to_jsonb(c) ->> 'relallfrozen')::bigint, 0) AS all_frozen,
       CASE WHEN locked.yes OR c.relkind = 'p' THEN c.relpages::bigint * pg_catalog.current_setting('block_size')::bigint
            ELSE coalesce(pg_catalog.pg_table_size(c.oid), 0) END AS bytes,
       CASE WHEN locked.yes OR c.relkind = 'p' THEN c.relpages::bigint * pg_catalog.current_setting('block_size')::bigint
            ELSE coalesce(pg_catalog.pg_relation_size(c.oid), 0) END AS heap_bytes,
       coalesce(CASE WHEN locked.yes OR c.relkind = 'p' THEN 0 ELSE pg_catalog.pg_indexes_size(c.oid) END, 0) AS index_bytes,
       coalesce(s.n_mod_since_analyze, 0)::bigint AS changed,
       coalesce(s.n_dead_tup, 0)::bigint AS dead,
       coalesce(s.n_ins_since_vacuum, 0)::bigint AS inserted,
       coalesce(s.idx_scan, 0)::bigint AS index_scans,
       greatest(pg_catalog.age(c.relfrozenxid), pg_catalog.age(t.relfrozenxid))::bigint AS age,
       greatest(pg_catalog.mxid_age(c.relminmxid), pg_catalog.mxid_age(t.relminmxid))::bigint AS multixact_age,
       coalesce(o.options, '{}'::jsonb) AS options,
       coalesce(t.reltuples, 0)::float8 AS toast_tuples,
       coalesce(ts.n_dead_tup, 0)::bigint AS toast_dead,
       CASE WHEN c.relkind = 'p' AND s.last_analyze IS NULL THEN coalesce(leaves.rows, 0) > 0
            WHEN c.relkind = 'p' THEN coalesce(leaves.analysed > s.last_analyze, false)
            ELSE false END AS parent_behind,
       pg_catalog.pg_has_role(c.relowner, 'USAGE')
         OR CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 170000
                 THEN pg_catalog.has_table_privilege(c.oid, 'MAINTAIN') ELSE false END AS may,
       locked.yes AS locked
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
  LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid AND c.reltoastrelid <> 0
  LEFT JOIN pg_catalog.pg_stat_all_tables AS ts ON ts.relid = t.oid
  CROSS JOIN LATERAL (
      SELECT EXISTS (
          SELECT 1 FROM pg_catalog.pg_locks AS l
           WHERE l.locktype = 'relation' AND l.relation = c.oid AND l.mode = 'AccessExclusiveLock'
             AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
             AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
      ) AS yes
  ) AS locked
  LEFT JOIN LATERAL (
      SELECT pg_catalog.jsonb_object_agg(e.option_name, e.option_value) AS options
        FROM pg_catalog.pg_options_to_table(c.reloptions) AS e
  ) AS o ON true
  LEFT JOIN LATERAL (
      SELECT pg_catalog.sum(greatest(leaf.reltuples, ls.n_live_tup, 0)) AS rows,
             pg_catalog.max(ls.last_autoanalyze) AS analysed
        FROM pg_catalog.pg_partition_tree(CASE WHEN c.relkind = 'p' THEN c.oid END) AS p
        JOIN pg_catalog.pg_class AS leaf ON leaf.oid = p.relid
        LEFT JOIN pg_catalog.pg_stat_all_tables AS ls ON ls.relid = leaf.oid
       WHERE p.isleaf
  ) AS leaves ON true
 WHERE c.relkind IN ('r', 'm', 'p')
   AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
   AND n.nspname NOT LIKE 'pg\_temp\_%'
   AND n.nspname NOT LIKE 'pg\_toast\_temp\_%'
 ORDER BY n.nspname, c.relname
