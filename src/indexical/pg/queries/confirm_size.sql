-- Bytes of an index that was just built.
SELECT pg_catalog.pg_relation_size(c.oid) AS bytes
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relname = %(name)s
