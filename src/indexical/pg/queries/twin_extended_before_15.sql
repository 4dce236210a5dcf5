-- Gives a statistics object its data, on PostgreSQL 14, which makes the row with the object and keeps none for children.
UPDATE pg_catalog.pg_statistic_ext_data d
SET stxdndistinct = %(distinct)s::bytea::pg_catalog.pg_ndistinct,
    stxddependencies = %(dependencies)s::bytea::pg_catalog.pg_dependencies,
    stxdmcv = %(values)s::bytea::pg_catalog.pg_mcv_list,
    stxdexpr = (
        SELECT pg_catalog.array_agg(t ORDER BY t.staattnum)
        FROM pg_catalog.pg_statistic t
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.starelid AND a.attnum = t.staattnum AND a.attname LIKE 'e%%'
        WHERE t.starelid = pg_catalog.to_regclass(%(scratch)s)
    )
FROM pg_catalog.pg_statistic_ext s
JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
WHERE d.stxoid = s.oid AND n.nspname = %(schema)s AND s.stxname = %(name)s AND %(inherited)s IS NOT NULL
RETURNING d.stxoid
