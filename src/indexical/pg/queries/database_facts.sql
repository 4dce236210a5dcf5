-- Rows by the statistics, bytes on disk, and indexes of user tables.
SELECT
    coalesce(sum(c.reltuples) FILTER (WHERE c.relkind = 'r' AND c.reltuples > 0), 0)::float8 AS rows,
    pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes,
    count(*) FILTER (WHERE c.relkind = 'i') AS indexes
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname NOT LIKE 'pg\_temp\_%'
