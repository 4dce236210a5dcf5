-- Whether amcheck is in this database, where, and whether our role may call it for an index of that access method.
SELECT a.amname::text AS method,
       n.nspname::text AS schema,
       coalesce(
           pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND (
               SELECT pg_catalog.bool_or(pg_catalog.has_function_privilege(p.oid, 'EXECUTE'))
                 FROM pg_catalog.pg_proc AS p
                WHERE p.pronamespace = n.oid AND p.proname = 'bt_index_check' AND p.pronargs >= 2
           ), false
       ) AS allowed
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_am AS a ON a.oid = c.relam
  LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = 'amcheck'
  LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
 WHERE c.oid = %(oid)s::oid
