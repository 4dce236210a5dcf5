-- What already bears the names that indexes are to get, whatever kind of object it is.
SELECT n.nspname::text AS schema,
       c.relname::text AS name,
       c.oid::bigint AS oid,
       c.relkind::text AS kind,
       COALESCE(i.indisvalid, false) AS valid,
       COALESCE(i.indisready, false) AS ready,
       COALESCE(i.indislive, false) AS live,
       COALESCE(i.indrelid::bigint, 0) AS table_oid
FROM (SELECT DISTINCT * FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS pair(schema, name)) wanted
JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
ORDER BY 1, 2
