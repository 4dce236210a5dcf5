-- The parts of the partitioned tables that our role does not own.
SELECT p.relid::regclass::text AS name, r.oid::bigint AS parent, pg_catalog.pg_get_userbyid(c.relowner)::text AS owner
FROM pg_catalog.pg_class r
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) p
JOIN pg_catalog.pg_class c ON c.oid = p.relid
WHERE r.oid = ANY (%(tables)s::bigint[]::oid[])
  AND r.relkind = 'p' AND p.relid <> r.oid AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
ORDER BY 1
