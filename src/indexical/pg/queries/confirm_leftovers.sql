-- Indexes that an interrupted confirmation built and could not take away again.
SELECT n.nspname AS schema, c.relname AS name
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('i', 'I') AND pg_catalog.obj_description(c.oid, 'pg_class') = %(comment)s
ORDER BY n.nspname, c.relname
