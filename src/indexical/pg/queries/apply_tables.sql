-- The tables that are to be changed: what they are, how large, and what we may do with them.
SELECT n.nspname::text AS schema,
       c.relname::text AS name,
       c.oid::bigint AS oid,
       c.relkind::text AS kind,
       pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS may_own,
       pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS may_create,
       c.reltuples::float8 AS rows,
       CASE WHEN c.relkind IN ('r', 'm', 't') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END AS bytes
FROM (SELECT DISTINCT * FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS pair(schema, name)) wanted
JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
ORDER BY 1, 2
