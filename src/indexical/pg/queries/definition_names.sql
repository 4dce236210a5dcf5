-- Of these names of operator classes and collations, those that pg_catalog does not have.
SELECT w.name
FROM pg_catalog.unnest(%(opclasses)s::text[]) AS w(name)
WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_opclass o
                  WHERE o.opcname OPERATOR(pg_catalog.=) w.name::name
                    AND o.opcnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace)
UNION
SELECT w.name
FROM pg_catalog.unnest(%(collations)s::text[]) AS w(name)
WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_collation c
                  WHERE c.collname OPERATOR(pg_catalog.=) w.name::name
                    AND c.collnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace)
ORDER BY 1
