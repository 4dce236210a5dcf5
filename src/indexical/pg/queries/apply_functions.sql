-- The functions that these names may mean, and whether somebody we need not trust could have written them.
SELECT w.schema AS asked_schema,
       w.name AS asked,
       n.nspname::text AS schema,
       p.proname::text AS name,
       p.oid::bigint AS oid,
       (p.proargtypes::oid[])::bigint[] AS types,
       p.pronargs - p.pronargdefaults - (p.provariadic <> 0)::integer AS least,
       CASE WHEN p.provariadic <> 0 THEN 100 ELSE p.pronargs END AS most,
       p.provolatile::text AS volatility,
       l.lanname::text AS language,
       CASE WHEN n.nspname = 'pg_catalog' OR p.prosqlbody IS NOT NULL THEN '' ELSE COALESCE(p.prosrc, '') END AS body,
       COALESCE((SELECT true FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%%' LIMIT 1), false) AS fixed,
       n.nspname = 'pg_catalog' AS builtin,
       r.rolsuper OR r.rolname = current_user AS trusted
FROM (SELECT DISTINCT * FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS pair(schema, name)) w
JOIN pg_catalog.pg_proc p ON p.proname = w.name
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
WHERE p.prokind = 'f'
  AND CASE WHEN w.schema = '' THEN n.nspname = ANY (%(path)s::text[]) ELSE n.nspname = w.schema END
ORDER BY 1, 2, 3, 5
