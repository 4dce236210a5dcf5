-- Settings that plans depend on, and those that say how values are read.
SELECT
    s.name,
    pg_catalog.current_setting(s.name) AS value,
    s.source IN ('user', 'database user', 'client', 'environment variable', 'session') AS of_this_session
FROM pg_catalog.pg_settings s
WHERE s.category LIKE 'Query Tuning%'
   OR s.name IN (
       'work_mem', 'hash_mem_multiplier', 'max_parallel_workers_per_gather', 'max_parallel_workers',
       'parallel_leader_participation', 'jit', 'effective_io_concurrency', 'TimeZone', 'DateStyle', 'IntervalStyle',
       'default_text_search_config'
   )
ORDER BY s.name
