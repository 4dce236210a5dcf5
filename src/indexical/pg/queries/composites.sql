-- Composite types of their own (not the row types of tables) that no extension owns.
SELECT
    n.nspname AS schema,
    t.typname AS name,
    coalesce((
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_array(
                a.attname,
                pg_catalog.format_type(a.atttypid, a.atttypmod),
                CASE
                    WHEN a.attcollation = 0 OR a.attcollation = x.typcollation THEN ''
                    WHEN cn.nspname = 'pg_catalog' THEN co.collname::text
                    ELSE cn.nspname || '.' || co.collname
                END
            ) ORDER BY a.attnum
        )
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type x ON x.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
        LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ), '[]'::jsonb) AS attributes
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'
  )
ORDER BY t.oid
