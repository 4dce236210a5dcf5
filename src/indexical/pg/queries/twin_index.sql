-- New indexes, and those that came with them on the partitions of their tables: where the files are, the columns as they are
-- stored, and whether equal keys may share a tuple.
WITH RECURSIVE tree AS (
    SELECT c.oid, c.relname AS root
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = ANY (%s)
    UNION ALL
    SELECT h.inhrelid, tree.root FROM tree JOIN pg_catalog.pg_inherits h ON h.inhparent = tree.oid
)
SELECT
    c.oid::bigint AS oid,
    c.relname AS name,
    tree.root,
    i.indrelid::bigint AS "table",
    coalesce(pg_catalog.pg_relation_filepath(c.oid), '') AS path,
    (
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_object(
                'position', a.attnum,
                'length', a.attlen,
                'alignment', a.attalign,
                'type', pg_catalog.format_type(a.atttypid, NULL),
                'column', t.attname,
                'source_type', pg_catalog.format_type(coalesce(t.atttypid, a.atttypid), NULL),
                'opclass', (SELECT o.opcname FROM pg_catalog.pg_opclass o WHERE o.oid = i.indclass[a.attnum - 1]),
                'never_null', coalesce(t.attnotnull, false),
                'equal_bytes', a.attnum > i.indnkeyatts OR EXISTS (
                    SELECT 1
                    FROM pg_catalog.pg_opclass o
                    JOIN pg_catalog.pg_amproc p ON p.amprocfamily = o.opcfamily
                        AND p.amproclefttype = o.opcintype AND p.amprocrighttype = o.opcintype AND p.amprocnum = 4
                    LEFT JOIN pg_catalog.pg_collation co ON co.oid = i.indcollation[a.attnum - 1]
                    WHERE o.oid = i.indclass[a.attnum - 1] AND coalesce(co.collisdeterministic, true)
                )
            ) ORDER BY a.attnum
        )
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attribute t
            ON t.attrelid = i.indrelid AND t.attnum = i.indkey[a.attnum - 1] AND t.attnum > 0
        WHERE a.attrelid = i.indexrelid
    ) AS attributes
FROM tree
JOIN pg_catalog.pg_class c ON c.oid = tree.oid
JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
