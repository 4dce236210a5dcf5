-- Whether pg_stat_statements is in this database, where, and what it is set to. A setting that the role may not see is NULL.
SELECT pg_catalog.current_database() AS database,
       current_user AS role,
       e.extversion AS version,
       n.nspname AS schema,
       pg_catalog.quote_ident(n.nspname) AS quoted_schema,
       COALESCE(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) AS usable,
       ARRAY(
           SELECT a.attname::text
             FROM pg_catalog.pg_depend AS d
             JOIN pg_catalog.pg_class AS c ON c.oid = d.objid AND c.relkind = 'v' AND c.relname = 'pg_stat_statements'
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
              AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
              AND d.refobjid = e.oid
            ORDER BY a.attnum
       ) AS columns,
       EXISTS (
           SELECT FROM pg_catalog.pg_class AS c
            WHERE c.relnamespace = n.oid AND c.relname = 'pg_stat_statements_info'
       ) AS has_info,
       (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'shared_preload_libraries') AS preloaded,
       pg_catalog.current_setting('compute_query_id', true) AS compute_query_id,
       pg_catalog.current_setting('pg_stat_statements.track', true) AS track,
       (SELECT setting::int FROM pg_catalog.pg_settings WHERE name = 'track_activity_query_size') AS text_size,
       pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS reads_all
  FROM (SELECT) AS one
  LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = 'pg_stat_statements'
  LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
