-- Expression keys of indexes, and whether we may see their statistics: SELECT on the index itself decides.
SELECT
    i.indrelid::bigint AS relation,
    n.nspname AS schema,
    c.relname AS index,
    a.attname AS name,
    a.attnum AS position,
    pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum BETWEEN 1 AND i.indnkeyatts
WHERE i.indrelid = ANY (%s::oid[]) AND i.indexprs IS NOT NULL AND i.indkey[a.attnum - 1] = 0
ORDER BY i.indrelid, c.relname, a.attnum
