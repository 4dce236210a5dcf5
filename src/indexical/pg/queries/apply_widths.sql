-- Average widths of columns, for the rough size of an index that is yet to be built.
SELECT s.schemaname::text AS schema, s.tablename::text AS table, s.attname::text AS column, max(s.avg_width) AS width
FROM (SELECT DISTINCT * FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS pair(schema, name)) wanted
JOIN pg_catalog.pg_stats s ON s.schemaname = wanted.schema AND s.tablename = wanted.name
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
