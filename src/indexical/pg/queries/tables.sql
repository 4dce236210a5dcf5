-- User tables: size as the planner measures it (the file's length), rows, writes, place in a tree of tables, and rights.
SELECT
    c.oid::bigint AS oid,
    n.nspname AS schema,
    c.relname AS name,
    c.relkind::text AS kind,
    c.reltuples::float8 AS rows,
    c.relpages AS analysed_pages,
    c.relallvisible AS visible_pages,
    CASE
        -- The planner takes what ANALYZE wrote for a table whose rows are elsewhere.
        WHEN c.relkind = 'f' THEN GREATEST(c.relpages, 0)::bigint
        ELSE coalesce(pg_catalog.pg_relation_size(c.oid), 0) / pg_catalog.current_setting('block_size')::bigint
    END AS pages,
    pg_catalog.pg_get_userbyid(c.relowner) AS owner,
    coalesce((
        SELECT option_value::integer FROM pg_catalog.pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'
    ), 100) AS fillfactor,
    coalesce((
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_array(o.option_name, coalesce(o.option_value, '')) ORDER BY o.option_name
        )
        FROM pg_catalog.pg_options_to_table(c.reloptions) o
    ), '[]'::jsonb) AS options,
    coalesce(ts.spcname, '') AS tablespace,
    coalesce(CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END, '') AS partition_key,
    coalesce(CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END, '') AS partition_bound,
    coalesce((
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(pn.nspname, pc.relname) ORDER BY h.inhseqno)
        FROM pg_catalog.pg_inherits h
        JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent
        JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
        WHERE h.inhrelid = c.oid
    ), '[]'::jsonb) AS parents,
    coalesce(CASE WHEN c.relkind = 'm' THEN pg_catalog.pg_get_viewdef(c.oid) END, '') AS definition,
    coalesce((
        SELECT fs.srvname FROM pg_catalog.pg_foreign_table ft
        JOIN pg_catalog.pg_foreign_server fs ON fs.oid = ft.ftserver
        WHERE ft.ftrelid = c.oid
    ), '') AS server,
    coalesce((SELECT am.amname FROM pg_catalog.pg_am am WHERE am.oid = c.relam AND am.amname <> 'heap'), '') AS access_method,
    c.relpersistence::text AS persistence,    coalesce(s.n_tup_ins, 0) AS inserts,
    coalesce(s.n_tup_upd, 0) AS updates,
    coalesce(s.n_tup_hot_upd, 0) AS hot_updates,
    coalesce(s.n_tup_del, 0) AS deletes,
    coalesce(pg_catalog.to_jsonb(GREATEST(s.last_analyze, s.last_autoanalyze)) #>> '{}', '') AS last_analyzed,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usable,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
    pg_catalog.row_security_active(c.oid) AS row_security
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
WHERE c.relkind IN ('r', 'p', 'm', 'f')
  AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname NOT LIKE 'pg\_temp\_%'
  AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname, c.relname
