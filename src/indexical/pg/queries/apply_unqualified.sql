-- Of these names, those that a search path of pg_catalog alone does not find and another schema has.
SELECT w.name
FROM unnest(%(names)s::text[]) AS w(name)
WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_proc p
                  WHERE p.proname = w.name AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type t
                  WHERE t.typname = w.name AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c
                  WHERE c.relname = w.name AND c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace)
  AND (EXISTS (SELECT 1 FROM pg_catalog.pg_proc p WHERE p.proname = w.name)
       OR EXISTS (SELECT 1 FROM pg_catalog.pg_type t WHERE t.typname = w.name)
       OR EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname = w.name))
ORDER BY 1
