-- Extended statistics objects (CREATE STATISTICS) and what they hold, as far as we may see it: to the table's owner only.
SELECT
    x.stxrelid::bigint AS relation,
    n.nspname AS schema,
    x.stxname AS name,
    pg_catalog.pg_get_statisticsobjdef(x.oid) AS definition,
    coalesce((
        SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.n)
        FROM pg_catalog.unnest(x.stxkeys::pg_catalog.int2[]) WITH ORDINALITY AS u (number, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = x.stxrelid AND a.attnum = u.number
    ), '[]'::jsonb) AS columns,
    coalesce(pg_catalog.to_jsonb(pg_catalog.pg_get_statisticsobjdef_expressions(x.oid)), '[]'::jsonb) AS expressions,
    pg_catalog.pg_has_role(c.relowner, 'USAGE') AS readable,
    s.statistics_name IS NOT NULL AS analysed,
    coalesce((pg_catalog.to_jsonb(s) ->> 'inherited')::boolean, false) AS inherited,
    coalesce(s.n_distinct::text, '') AS "distinct",
    coalesce(s.dependencies::text, '') AS dependencies,
    coalesce(s.most_common_vals::text, '') AS common_values,
    coalesce(s.most_common_val_nulls::text, '') AS common_nulls,
    s.most_common_freqs::float8[] AS common_frequencies,
    s.most_common_base_freqs::float8[] AS common_base_frequencies
FROM pg_catalog.pg_statistic_ext x
JOIN pg_catalog.pg_namespace n ON n.oid = x.stxnamespace
JOIN pg_catalog.pg_class c ON c.oid = x.stxrelid
LEFT JOIN pg_catalog.pg_stats_ext s ON s.statistics_schemaname = n.nspname AND s.statistics_name = x.stxname
WHERE x.stxrelid = ANY (%s::oid[])
ORDER BY x.stxrelid, n.nspname, x.stxname, inherited
