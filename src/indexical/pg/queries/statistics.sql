-- What ANALYZE knows, as far as we may see it; arrays in PostgreSQL's own text form.
-- Reals travel by their shortest text: it makes the same real again, and files smaller.
SELECT
    s.schemaname AS schema,
    s.tablename AS "table",
    s.attname AS name,
    s.inherited,
    s.null_frac::text::float8 AS null_fraction,
    s.avg_width AS average_width,
    s.n_distinct::text::float8 AS distinct,
    coalesce(s.most_common_vals::text, '') AS common_values,
    s.most_common_freqs::text::float8[] AS common_frequencies,
    coalesce(s.histogram_bounds::text, '') AS histogram,
    s.correlation::text::float8 AS correlation,
    coalesce(s.most_common_elems::text, '') AS common_elements,
    s.most_common_elem_freqs::text::float8[] AS common_element_frequencies,
    s.elem_count_histogram::text::float8[] AS element_count_histogram,
    coalesce(s.range_length_histogram::text, '') AS range_length_histogram,
    s.range_empty_frac::text::float8 AS range_empty_fraction,
    coalesce(s.range_bounds_histogram::text, '') AS range_bounds_histogram
FROM pg_catalog.pg_stats s
WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema')
ORDER BY s.schemaname, s.tablename, s.attname, s.inherited
