-- Extended statistics objects (CREATE STATISTICS), by table.
SELECT n.nspname AS schema, t.relname AS "table", x.stxname AS name
FROM pg_catalog.pg_statistic_ext x
JOIN pg_catalog.pg_class t ON t.oid = x.stxrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2, 3
