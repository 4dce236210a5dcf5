-- Loads the statistics of columns into the twin; false for one whose values the engine cannot read.
SELECT
    v.number,
    pg_catalog.pg_restore_attribute_stats(
        'schemaname', v.schema,
        'relname', v."table",
        'attname', v.name,
        'attnum', v.position,
        'inherited', coalesce(v.inherited, false),
        'null_frac', v.null_fraction,
        'avg_width', v.average_width,
        'n_distinct', v."distinct",
        'most_common_vals', v.common_values,
        'most_common_freqs', v.common_frequencies,
        'histogram_bounds', v.histogram,
        'correlation', v.correlation,
        'most_common_elems', v.common_elements,
        'most_common_elem_freqs', v.common_element_frequencies,
        'elem_count_histogram', v.element_count_histogram,
        'range_length_histogram', v.range_length_histogram,
        'range_empty_frac', v.range_empty_fraction,
        'range_bounds_histogram', v.range_bounds_histogram
    ) AS loaded
FROM pg_catalog.jsonb_to_recordset(%s::jsonb) AS v (
    number integer,
    schema text,
    "table" text,
    name text,
    position smallint,
    inherited boolean,
    null_fraction real,
    average_width integer,
    "distinct" real,
    common_values text,
    common_frequencies real[],
    histogram text,
    correlation real,
    common_elements text,
    common_element_frequencies real[],
    element_count_histogram real[],
    range_length_histogram text,
    range_empty_fraction real,
    range_bounds_histogram text
)
ORDER BY v.number
