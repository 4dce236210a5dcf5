-- Range types that no extension owns; "simple" ones have no functions of their own.
SELECT
    n.nspname AS schema,
    t.typname AS name,
    pg_catalog.format_type(r.rngsubtype, NULL) AS subtype,
    CASE
        WHEN o.opcdefault THEN ''
        WHEN ons.nspname = 'pg_catalog' THEN o.opcname::text
        ELSE ons.nspname || '.' || o.opcname
    END AS opclass,
    CASE
        WHEN r.rngcollation = 0 OR r.rngcollation = x.typcollation THEN ''
        WHEN cn.nspname = 'pg_catalog' THEN co.collname::text
        ELSE cn.nspname || '.' || co.collname
    END AS collation,
    m.typname AS multirange,
    r.rngcanonical = 0 AND r.rngsubdiff = 0 AS simple
FROM pg_catalog.pg_range r
JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_type x ON x.oid = r.rngsubtype
JOIN pg_catalog.pg_type m ON m.oid = r.rngmultitypid
JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc
JOIN pg_catalog.pg_namespace ons ON ons.oid = o.opcnamespace
LEFT JOIN pg_catalog.pg_collation co ON co.oid = r.rngcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'
  )
ORDER BY t.oid
