-- Relations of the twin and where their files are; a partitioned one has none.
SELECT
    c.oid::bigint AS oid,
    n.nspname AS schema,
    c.relname AS name,
    c.relkind::text AS kind,
    c.relfilenode::bigint AS file,
    c.reltablespace::bigint AS tablespace,
    coalesce(pg_catalog.pg_relation_filepath(c.oid), '') AS path
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'i', 'p', 'I') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY n.nspname, c.relname
