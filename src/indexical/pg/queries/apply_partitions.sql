-- The partitions of a table, all levels, parents before their parts, with the index by which each is attached to the
-- parent's index when that is known.
SELECT t.level,
       c.oid::bigint AS oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       c.relkind::text AS kind,
       COALESCE(t.parentrelid::oid::bigint, 0) AS parent_oid
FROM pg_catalog.pg_partition_tree(%(table)s::bigint::oid::regclass) t
JOIN pg_catalog.pg_class c ON c.oid = t.relid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY t.level, 3, 4
