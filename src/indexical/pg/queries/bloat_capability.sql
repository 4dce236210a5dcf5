-- Whether pgstattuple is in this database, where, and whether our role may call it.
SELECT e.schema AS schema,
       coalesce(
           pg_catalog.has_schema_privilege(e.namespace, 'USAGE')
           AND pg_catalog.bool_or(pg_catalog.has_function_privilege(p.oid, 'EXECUTE')), false
       ) AS allowed
  FROM (
      SELECT n.oid AS namespace, n.nspname::text AS schema
        FROM pg_catalog.pg_extension AS x
        JOIN pg_catalog.pg_namespace AS n ON n.oid = x.extnamespace
       WHERE x.extname = 'pgstattuple'
  ) AS e
  LEFT JOIN pg_catalog.pg_proc AS p
    ON p.pronamespace = e.namespace AND p.proname = 'pgstatindex'
   AND p.proargtypes[0] = 'pg_catalog.regclass'::pg_catalog.regtype
 GROUP BY e.namespace, e.schema
