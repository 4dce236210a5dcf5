-- The tables that are to be changed: what they are, how large, and what we may do with them. To ask for a size takes a lock
-- on the table; where another session has it for itself, or waits for that, the length that was last noted has to do.
SELECT n.nspname::text AS schema,
       c.relname::text AS name,
       c.oid::bigint AS oid,
       c.relkind::text AS kind,
       pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS may_own,
       pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS may_create,
       COALESCE(CASE WHEN c.relkind = 'p' THEN parts.rows ELSE c.reltuples END, 0)::float8 AS rows,
       COALESCE(CASE WHEN c.relkind = 'p' THEN parts.bytes
                     WHEN c.relkind NOT IN ('r', 'm', 't') THEN 0
                     WHEN locked.yes THEN c.relpages::bigint * pg_catalog.current_setting('block_size')::bigint
                     ELSE pg_catalog.pg_relation_size(c.oid) END, 0)::bigint AS bytes,
       locked.yes AS locked
FROM (SELECT DISTINCT * FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS pair(schema, name)) wanted
JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT 1 FROM pg_catalog.pg_locks l
        WHERE l.locktype = 'relation' AND l.relation = c.oid AND l.mode = 'AccessExclusiveLock'
          AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
          AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    ) AS yes
) locked
LEFT JOIN LATERAL (
    SELECT pg_catalog.sum(GREATEST(leaf.reltuples, 0)) AS rows,
           pg_catalog.sum(leaf.relpages::bigint * pg_catalog.current_setting('block_size')::bigint) AS bytes
    FROM pg_catalog.pg_partition_tree(c.oid) p
    JOIN pg_catalog.pg_class leaf ON leaf.oid = p.relid
    WHERE c.relkind = 'p' AND p.isleaf
) parts ON true
ORDER BY 1, 2
