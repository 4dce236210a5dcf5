-- Existing indexes with their structure, read from the catalog and not from the text of their definition.
SELECT
    i.indexrelid::bigint AS oid,
    n.nspname AS schema,
    t.relname AS "table",
    c.relname AS name,
    am.amname AS method,
    i.indisunique AS is_unique,
    i.indisvalid AS valid,
    i.indisready AS ready,
    i.indisclustered AS clustered,
    i.indisreplident AS replica_identity,
    (
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_object(
                'column', a.attname,
                'expression', CASE WHEN i.indkey[k.n] = 0 THEN pg_catalog.pg_get_indexdef(i.indexrelid, k.n + 1, false) END,
                'options', i.indoption[k.n],
                'opclass', CASE
                    WHEN o.opcdefault AND (
                        o.opcintype = e.atttypid OR NOT EXISTS (
                            SELECT 1 FROM pg_catalog.pg_opclass own
                            WHERE own.opcmethod = o.opcmethod AND own.opcdefault AND own.opcintype = e.atttypid
                        )
                    ) THEN ''
                    WHEN ons.nspname = 'pg_catalog' THEN o.opcname::text
                    ELSE ons.nspname || '.' || o.opcname
                END,
                'collation', CASE
                    WHEN i.indcollation[k.n] = 0 OR i.indcollation[k.n] = a.attcollation THEN ''
                    WHEN a.attnum IS NULL AND co.collname = 'default' THEN ''
                    WHEN cns.nspname = 'pg_catalog' THEN co.collname::text
                    ELSE cns.nspname || '.' || co.collname
                END
            ) ORDER BY k.n
        )
        FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS k (n)
        JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[k.n]
        JOIN pg_catalog.pg_namespace ons ON ons.oid = o.opcnamespace
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n] AND a.attnum <> 0
        JOIN pg_catalog.pg_attribute x ON x.attrelid = i.indexrelid AND x.attnum = k.n + 1
        CROSS JOIN LATERAL (SELECT coalesce(a.atttypid, x.atttypid) AS atttypid) e
        LEFT JOIN pg_catalog.pg_collation co ON co.oid = i.indcollation[k.n]
        LEFT JOIN pg_catalog.pg_namespace cns ON cns.oid = co.collnamespace
    ) AS keys,
    coalesce((
        SELECT pg_catalog.jsonb_agg(a.attname ORDER BY k.n)
        FROM pg_catalog.generate_series(i.indnkeyatts, i.indnatts - 1) AS k (n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n]
    ), '[]'::jsonb) AS include,
    coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
    coalesce(pg_catalog.pg_get_indexdef(i.indexrelid), '') AS definition,
    coalesce(k.contype::text, '') AS constraint_type,
    coalesce(k.conname, '') AS constraint_name,
    coalesce(pg_catalog.pg_get_constraintdef(k.oid), '') AS constraint_definition,
    coalesce(k.condeferrable, false) AS deferrable,
    coalesce(k.condeferred, false) AS initially_deferred,
    -- PostgreSQL 15 brought the column.
    coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_not_distinct,
    c.relkind = 'I' AS partitioned,
    coalesce(pn.nspname, '') AS parent_schema,
    coalesce(pc.relname, '') AS parent,
    coalesce((
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_array(o.option_name, coalesce(o.option_value, '')) ORDER BY o.option_name
        )
        FROM pg_catalog.pg_options_to_table(c.reloptions) o
    ), '[]'::jsonb) AS options,
    EXISTS (
        SELECT 1 FROM pg_catalog.pg_constraint f WHERE f.conindid = i.indexrelid AND f.contype = 'f'
    ) AS foreign_key_target,
    coalesce(pg_catalog.pg_relation_size(i.indexrelid), 0) AS size,
    -- As the planner sees it: the density that was counted, over the pages there are now, the metapage left out.
    CASE
        WHEN c.relpages > 1 AND c.reltuples >= 0 THEN c.reltuples::float8 / (c.relpages - 1) * GREATEST(
            pg_catalog.pg_relation_size(i.indexrelid) / pg_catalog.current_setting('block_size')::bigint - 1, 0
        )
        ELSE c.reltuples::float8
    END AS tuples,
    coalesce(s.idx_scan, 0) AS scans,
    coalesce(pg_catalog.to_jsonb(s) ->> 'last_idx_scan', '') AS last_used,
    coalesce(pg_catalog.obj_description(i.indexrelid, 'pg_class'), '') AS comment,
    coalesce(ts.spcname, '') AS tablespace
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am am ON am.oid = c.relam
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_stat_all_indexes s ON s.indexrelid = i.indexrelid
LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent
LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname NOT LIKE 'pg\_temp\_%%'
  AND t.relkind IN ('r', 'p', 'm')
  AND t.relpersistence <> 't'
  AND (%(schema)s::text IS NULL OR n.nspname = %(schema)s::text)
  AND (%(table)s::text IS NULL OR t.relname = %(table)s::text)
ORDER BY n.nspname, t.relname, c.relname
