-- B-trees with what their size follows from: entries, the widths that the planner knows of their columns, the fill factor.
-- Widths are of pg_stats, which hides columns that our role may not read; "unknown" counts those.
SELECT c.oid::bigint AS oid,
       am.amname::text AS method,
       c.relkind::text AS kind,
       greatest(c.reltuples, 0)::float8 AS tuples,
       pg_catalog.pg_relation_size(c.oid) AS size,
       pg_catalog.current_setting('block_size')::int AS block,
       coalesce(
           (SELECT o.option_value::int FROM pg_catalog.pg_options_to_table(c.reloptions) AS o
             WHERE o.option_name = 'fillfactor'), 90
       ) AS fillfactor,
       coalesce(w.width, 0)::float8 AS width,
       coalesce(w.unknown, 0)::int AS unknown,
       coalesce(w.nullable, false) AS nullable
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
  LEFT JOIN LATERAL (
      SELECT pg_catalog.sum(s.avg_width * (1 - s.null_frac)) AS width,
             pg_catalog.count(*) FILTER (WHERE s.avg_width IS NULL) AS unknown,
             pg_catalog.bool_or(coalesce(s.null_frac, 0) > 0) AS nullable
        FROM pg_catalog.pg_attribute AS a
        LEFT JOIN pg_catalog.pg_attribute AS b
          ON b.attrelid = t.oid AND b.attnum = i.indkey[a.attnum - 1] AND b.attnum <> 0
        LEFT JOIN pg_catalog.pg_stats AS s
          ON s.schemaname = (SELECT n.nspname FROM pg_catalog.pg_namespace AS n WHERE n.oid = c.relnamespace)
         AND s.tablename = CASE WHEN b.attname IS NULL THEN c.relname ELSE t.relname END
         AND s.attname = coalesce(b.attname, a.attname)
         AND NOT s.inherited
       WHERE a.attrelid = c.oid AND a.attnum > 0
  ) AS w ON true
 WHERE c.oid = ANY (%(oids)s::oid[])
 ORDER BY c.oid
