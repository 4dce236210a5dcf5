-- Loads statistics into the twin of an engine that has no functions for it: rows of pg_statistic, as ANALYZE lays them out
-- (pg_statistic.h, "the currently-defined slot kinds"). Every array is read by its type's own input function.
WITH given AS (
    SELECT v.*
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
),
found AS (
    SELECT
        g.*, a.attrelid, a.attnum, a.atttypid AS type, a.attcollation AS coll,
        b.oid AS base,
        CASE WHEN b.oid = 'pg_catalog.tsvector'::regtype THEN 'pg_catalog.text'::regtype::oid ELSE b.typelem END AS element
    FROM given g
    JOIN pg_catalog.pg_namespace n ON n.nspname = g.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = g."table"
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND (a.attname = g.name OR a.attnum = g.position) AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
),
slotted AS (
    SELECT f.number, s.*
    FROM found f
    CROSS JOIN LATERAL (
        SELECT o.equal, o.less FROM indexical_twin.operators(f.base) o
    ) own
    LEFT JOIN LATERAL (
        SELECT o.equal FROM indexical_twin.operators(f.element) o WHERE f.element <> 0
    ) inner_type ON true
    CROSS JOIN LATERAL (
        SELECT
            row_number() OVER (ORDER BY k.kind) AS slot, k.*
        FROM (
            VALUES
                (1, own.equal, f.coll, f.common_frequencies, f.common_values, f.type),
                (2, own.less, f.coll, NULL, f.histogram, f.type),
                (3, own.less, f.coll, ARRAY[f.correlation], NULL, f.type),
                (4, inner_type.equal, CASE WHEN f.coll = 0 AND f.base = 'pg_catalog.tsvector'::regtype THEN 100 ELSE f.coll END,
                    f.common_element_frequencies, f.common_elements, f.element),
                (5, inner_type.equal, f.coll, f.element_count_histogram, NULL, f.element),
                (6, 672::oid, 0::oid, ARRAY[coalesce(f.range_empty_fraction, 0)], f.range_length_histogram, 701::oid),
                (7, 0::oid, 0::oid, NULL, f.range_bounds_histogram, f.type)
        ) AS k (kind, operator, coll, numbers, vals, type)
        WHERE (k.vals IS NOT NULL OR (k.kind IN (3, 5) AND k.numbers[1] IS NOT NULL)) AND k.operator IS NOT NULL
    ) s
),
inserted AS (
    INSERT INTO pg_catalog.pg_statistic
    SELECT
        f.attrelid, f.attnum, coalesce(f.inherited, false), f.null_fraction, f.average_width, f."distinct",
        coalesce(s1.kind, 0), coalesce(s2.kind, 0), coalesce(s3.kind, 0), coalesce(s4.kind, 0), coalesce(s5.kind, 0),
        coalesce(s1.operator, 0), coalesce(s2.operator, 0), coalesce(s3.operator, 0), coalesce(s4.operator, 0), coalesce(s5.operator, 0),
        coalesce(s1.coll, 0), coalesce(s2.coll, 0), coalesce(s3.coll, 0), coalesce(s4.coll, 0), coalesce(s5.coll, 0),
        s1.numbers, s2.numbers, s3.numbers, s4.numbers, s5.numbers,
        CASE WHEN s1.vals IS NOT NULL THEN pg_catalog.array_in(pg_catalog.textout(s1.vals), s1.type, -1) END,
        CASE WHEN s2.vals IS NOT NULL THEN pg_catalog.array_in(pg_catalog.textout(s2.vals), s2.type, -1) END,
        CASE WHEN s3.vals IS NOT NULL THEN pg_catalog.array_in(pg_catalog.textout(s3.vals), s3.type, -1) END,
        CASE WHEN s4.vals IS NOT NULL THEN pg_catalog.array_in(pg_catalog.textout(s4.vals), s4.type, -1) END,
        CASE WHEN s5.vals IS NOT NULL THEN pg_catalog.array_in(pg_catalog.textout(s5.vals), s5.type, -1) END
    FROM found f
    LEFT JOIN slotted s1 ON s1.number = f.number AND s1.slot = 1
    LEFT JOIN slotted s2 ON s2.number = f.number AND s2.slot = 2
    LEFT JOIN slotted s3 ON s3.number = f.number AND s3.slot = 3
    LEFT JOIN slotted s4 ON s4.number = f.number AND s4.slot = 4
    LEFT JOIN slotted s5 ON s5.number = f.number AND s5.slot = 5
    RETURNING starelid, staattnum
)
SELECT g.number, EXISTS (
    SELECT 1 FROM found f JOIN inserted i ON i.starelid = f.attrelid AND i.staattnum = f.attnum WHERE f.number = g.number
) AS loaded
FROM given g
ORDER BY g.number
