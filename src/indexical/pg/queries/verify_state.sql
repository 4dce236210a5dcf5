-- The three flags of an index; all of them are true only when its build or rebuild has come to its end.
SELECT c.oid::bigint AS oid,
       c.relkind::text AS kind,
       COALESCE(i.indisvalid, false) AS valid,
       COALESCE(i.indisready, false) AS ready,
       COALESCE(i.indislive, false) AS live,
       pg_catalog.pg_relation_size(c.oid) AS size
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE n.nspname = %(schema)s AND c.relname = %(name)s
