-- Collations that somebody created. Names of columns differ between versions, so the row is read as JSON.
SELECT
    n.nspname AS schema,
    c.collname AS name,
    CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
    coalesce(j.r ->> 'colllocale', j.r ->> 'colliculocale',
        CASE WHEN c.collprovider = 'i' THEN j.r ->> 'collcollate' END, '') AS locale,
    CASE WHEN c.collprovider = 'c' THEN coalesce(j.r ->> 'collcollate', '') ELSE '' END AS lc_collate,
    CASE WHEN c.collprovider = 'c' THEN coalesce(j.r ->> 'collctype', '') ELSE '' END AS lc_ctype,
    c.collisdeterministic AS deterministic,
    coalesce(j.r ->> 'collicurules', '') AS rules
FROM pg_catalog.pg_collation c
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(c) AS r) j
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND c.collencoding IN (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding()))
  AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname, c.collname
