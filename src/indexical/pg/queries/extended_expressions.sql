-- Statistics of the expressions of extended statistics objects. Rows are read as JSON: columns differ between versions.
-- Reals travel by their shortest text: it makes the same real again, and files smaller.
SELECT
    s.statistics_schemaname AS schema,
    s.statistics_name AS name,
    coalesce((pg_catalog.to_jsonb(s) ->> 'inherited')::boolean, false) AS inherited,
    s.expr AS expression,
    s.null_frac::text::float8 AS null_fraction,
    s.avg_width AS average_width,
    s.n_distinct::text::float8 AS distinct,
    coalesce(s.most_common_vals::text, '') AS common_values,
    s.most_common_freqs::text::float8[] AS common_frequencies,
    coalesce(s.histogram_bounds::text, '') AS histogram,
    s.correlation::text::float8 AS correlation,
    coalesce(s.most_common_elems::text, '') AS common_elements,
    s.most_common_elem_freqs::text::float8[] AS common_element_frequencies,
    s.elem_count_histogram::text::float8[] AS element_count_histogram
FROM pg_catalog.pg_stats_ext_exprs s
ORDER BY 1, 2, 3, 4
