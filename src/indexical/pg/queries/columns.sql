-- Columns of the given relations, in their order.
SELECT
    a.attrelid::bigint AS relation,
    a.attname AS name,
    a.attnum AS position,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    NOT a.attnotnull AS nullable,
    CASE
        WHEN a.attcollation = 0 OR a.attcollation = t.typcollation THEN ''
        WHEN n.nspname = 'pg_catalog' THEN co.collname::text
        ELSE n.nspname || '.' || co.collname
    END AS collation,
    t.typtype::text AS type_kind,
    a.attstorage::text AS storage,
    a.attgenerated::text AS generated,
    a.attidentity::text AS identity,
    coalesce((
        SELECT pg_catalog.pg_get_expr(ad.adbin, ad.adrelid) FROM pg_catalog.pg_attrdef ad
        WHERE a.attgenerated <> '' AND ad.adrelid = a.attrelid AND ad.adnum = a.attnum
    ), '') AS expression
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = co.collnamespace
WHERE a.attrelid = ANY (%s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
