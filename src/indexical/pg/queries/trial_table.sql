-- What stands around a table's indexes: the columns of its foreign keys, and expressions that statistics objects keep.
SELECT coalesce((
           SELECT pg_catalog.jsonb_agg(k.columns ORDER BY k.name)
             FROM (
                 SELECT f.conname AS name,
                        (
                            SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.n)
                              FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY AS u (number, n)
                              JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = u.number
                        ) AS columns
                   FROM pg_catalog.pg_constraint AS f
                  WHERE f.conrelid = t.oid AND f.contype = 'f'
             ) AS k
       ), '[]'::jsonb) AS foreign_keys,
       coalesce((
           SELECT pg_catalog.jsonb_agg(e.expression ORDER BY s.oid, e.n)
             FROM pg_catalog.pg_statistic_ext AS s
            CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_get_statisticsobjdef_expressions(s.oid))
                       WITH ORDINALITY AS e (expression, n)
            WHERE s.stxrelid = t.oid
       ), '[]'::jsonb) AS expressions
  FROM pg_catalog.pg_class AS t
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
 WHERE n.nspname = %(schema)s AND t.relname = %(table)s
