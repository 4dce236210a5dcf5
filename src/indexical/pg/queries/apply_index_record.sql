-- One index with everything that its printed definition leaves out.
SELECT n.nspname::text AS schema,
       c.relname::text AS name,
       t.relname::text AS "table",
       c.oid::bigint AS oid,
       pg_catalog.pg_get_indexdef(c.oid) AS definition,
       COALESCE(ts.spcname::text, '') AS tablespace,
       COALESCE(pg_catalog.obj_description(c.oid, 'pg_class'), '') AS comment,
       COALESCE((
           -- Before PostgreSQL 17 a target that was not set is -1, from then on NULL.
           SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(a.attnum, a.attstattarget) ORDER BY a.attnum)
           FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attstattarget >= 0
       ), '[]'::jsonb) AS statistics_targets,
       COALESCE((
           SELECT pg_catalog.jsonb_agg(e.extname ORDER BY e.extname)
           FROM pg_catalog.pg_depend d
           JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
           WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
             AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'x'
       ), '[]'::jsonb) AS extensions,
       i.indisclustered AS clustered,
       i.indisreplident AS replica_identity,
       i.indisvalid AND i.indisready AND i.indislive AS valid,
       i.indexprs IS NOT NULL AS has_expressions,
       c.relkind = 'I' OR c.relispartition OR EXISTS (
           SELECT 1 FROM pg_catalog.pg_constraint k
           WHERE k.conindid = c.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
       ) AS belongs
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
WHERE c.oid = %(oid)s
