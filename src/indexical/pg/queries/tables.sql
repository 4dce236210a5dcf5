-- User tables: size as the planner measures it (the file's length), rows, writes, and whether we may read them.
SELECT
    c.oid::bigint AS oid,
    n.nspname AS schema,
    c.relname AS name,
    c.relkind::text AS kind,
    c.reltuples::float8 AS rows,
    c.relpages AS analysed_pages,
    c.relallvisible AS visible_pages,
    coalesce(pg_catalog.pg_relation_size(c.oid), 0) / pg_catalog.current_setting('block_size')::bigint AS pages,
    pg_catalog.pg_get_userbyid(c.relowner) AS owner,
    coalesce((
        SELECT option_value::integer FROM pg_catalog.pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'
    ), 100) AS fillfactor,
    coalesce(s.n_tup_ins, 0) AS inserts,
    coalesce(s.n_tup_upd, 0) AS updates,
    coalesce(s.n_tup_hot_upd, 0) AS hot_updates,
    coalesce(s.n_tup_del, 0) AS deletes,
    coalesce(pg_catalog.to_jsonb(GREATEST(s.last_analyze, s.last_autoanalyze)) #>> '{}', '') AS last_analyzed,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS schema_usable,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
    c.relrowsecurity AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') AS row_security,
    EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid) AS has_children
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relkind IN ('r', 'p', 'm', 'f')
  AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname NOT LIKE 'pg\_temp\_%'
  AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname, c.relname
