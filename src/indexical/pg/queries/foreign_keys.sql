-- Foreign keys of user tables, with columns in the order of the constraint.
SELECT
    k.conrelid::bigint AS relation,
    k.conname AS name,
    n.nspname AS target_schema,
    t.relname AS target_table,
    (
        SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.n)
        FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (number, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
    ) AS columns,
    (
        SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.n)
        FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS u (number, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number
    ) AS target_columns
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class t ON t.oid = k.confrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
WHERE k.contype = 'f' AND k.conrelid = ANY (%s::oid[])
ORDER BY k.conrelid, k.conname
