-- Gives a statistics object its data; answers one row when the object is there.
INSERT INTO pg_catalog.pg_statistic_ext_data (stxoid, stxdinherit, stxdndistinct, stxddependencies, stxdmcv, stxdexpr)
SELECT
    s.oid, %(inherited)s,
    %(distinct)s::bytea::pg_catalog.pg_ndistinct,
    %(dependencies)s::bytea::pg_catalog.pg_dependencies,
    %(values)s::bytea::pg_catalog.pg_mcv_list,
    (
        SELECT pg_catalog.array_agg(t ORDER BY t.staattnum)
        FROM pg_catalog.pg_statistic t
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.starelid AND a.attnum = t.staattnum AND a.attname LIKE 'e%%'
        WHERE t.starelid = pg_catalog.to_regclass(%(scratch)s)
    )
FROM pg_catalog.pg_statistic_ext s
JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
WHERE n.nspname = %(schema)s AND s.stxname = %(name)s
RETURNING stxoid
