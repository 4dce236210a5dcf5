-- Invalid indexes, and whether somebody works on their table at this moment: a build under way looks like a leftover.
SELECT c.oid::bigint AS oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       i.indrelid::bigint AS table_oid,
       t.relname::text AS "table",
       i.indisready AS ready,
       EXISTS (
           SELECT 1 FROM pg_catalog.pg_locks AS l
            WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock')
              AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
              AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
       ) AS busy
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND NOT (i.indisvalid AND i.indislive)
 ORDER BY n.nspname, c.relname
