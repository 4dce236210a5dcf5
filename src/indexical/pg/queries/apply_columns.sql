-- The columns of the tables as they are now: their types, and how wide a value may become.
SELECT n.nspname::text AS schema,
       c.relname::text AS table,
       a.attname::text AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       a.attgenerated::text AS generated,
       t.typlen = -1 AS varying,
       CASE WHEN a.atttypmod > 4 AND a.atttypid IN ('pg_catalog.varchar'::pg_catalog.regtype,
                                                    'pg_catalog.bpchar'::pg_catalog.regtype)
            THEN (a.atttypmod - 4) * pg_catalog.pg_encoding_max_length(d.encoding)
            ELSE 0 END AS at_most
FROM (SELECT DISTINCT * FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS pair(schema, name)) wanted
JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
ORDER BY 1, 2, a.attnum
