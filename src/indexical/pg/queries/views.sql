-- Plain views that no extension owns, and the views each one reads from.
SELECT
    c.oid::bigint AS oid,
    n.nspname AS schema,
    c.relname AS name,
    coalesce(pg_catalog.pg_get_viewdef(c.oid), '') AS definition,
    coalesce((
        SELECT pg_catalog.jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ), '[]'::jsonb) AS columns,
    coalesce((
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_array(o.option_name, coalesce(o.option_value, '')) ORDER BY o.option_name
        )
        FROM pg_catalog.pg_options_to_table(c.reloptions) o
    ), '[]'::jsonb) AS options,
    coalesce((
        SELECT pg_catalog.jsonb_agg(DISTINCT v.oid::bigint)
        FROM pg_catalog.pg_rewrite w
        JOIN pg_catalog.pg_depend p ON p.objid = w.oid AND p.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        JOIN pg_catalog.pg_class v ON v.oid = p.refobjid AND v.relkind = 'v'
        WHERE w.ev_class = c.oid AND v.oid <> c.oid
    ), '[]'::jsonb) AS needs
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v'
  AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_temp\_%'
  AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname, c.relname
