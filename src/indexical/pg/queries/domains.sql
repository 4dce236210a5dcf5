-- Domains that no extension owns; each after the domains it is built on.
SELECT
    n.nspname AS schema,
    t.typname AS name,
    pg_catalog.format_type(t.typbasetype, t.typtypmod) AS base,
    NOT t.typnotnull AS nullable,
    CASE
        WHEN t.typcollation = 0 OR t.typcollation = b.typcollation THEN ''
        WHEN cn.nspname = 'pg_catalog' THEN co.collname::text
        ELSE cn.nspname || '.' || co.collname
    END AS collation,
    coalesce((
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_array(k.conname, pg_catalog.pg_get_constraintdef(k.oid)) ORDER BY k.conname
        )
        FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'
    ), '[]'::jsonb) AS checks
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_collation co ON co.oid = t.typcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
WHERE t.typtype = 'd'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'
  )
ORDER BY t.oid
