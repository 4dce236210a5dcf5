-- Pages and rows of the tables that a plan names, by schema.name; -1 rows: never analysed or vacuumed.
SELECT n.nspname || '.' || c.relname AS name,
       c.relpages AS pages,
       c.reltuples AS rows
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname || '.' || c.relname = ANY (%s::text[])
