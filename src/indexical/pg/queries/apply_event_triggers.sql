-- Event triggers that fire for index statements, with the text of those functions that can be read.
SELECT e.evtname::text AS name,
       e.evtevent::text AS event,
       e.evttags::text[] AS tags,
       n.nspname || '.' || p.proname AS function,
       l.lanname::text AS language,
       p.prosrc AS body
FROM pg_catalog.pg_event_trigger e
JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE e.evtenabled <> 'D' AND e.evtevent IN ('ddl_command_start', 'ddl_command_end', 'sql_drop')
ORDER BY 1
