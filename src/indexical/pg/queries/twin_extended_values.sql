-- The common values that ANALYZE made of a scratch table, in their own order, and how they are stored.
SELECT i.index, i.values AS cells, i.nulls, d.stxdmcv::bytea AS stored
FROM pg_catalog.pg_statistic_ext s
JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_catalog.pg_statistic_ext_data d ON d.stxoid = s.oid
CROSS JOIN LATERAL pg_catalog.pg_mcv_list_items(d.stxdmcv) i
WHERE n.nspname = %s
ORDER BY i.index
