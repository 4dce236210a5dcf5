-- Bytes of every user table and of its indexes, and of the whole database.
-- https://www.postgresql.org/docs/18/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE
SELECT
    pg_catalog.pg_database_size(pg_catalog.current_database()) AS database_bytes,
    n.nspname AS schema,
    c.relname AS name,
    coalesce(pg_catalog.pg_table_size(c.oid), 0)::bigint AS table_bytes,
    coalesce(pg_catalog.pg_indexes_size(c.oid), 0)::bigint AS index_bytes,
    (SELECT count(*) FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid) AS indexes
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_%'
ORDER BY n.nspname, c.relname
