-- Asked of a standby: how long a query may hold up what comes from the primary, and the oldest query that runs there now.
SELECT (SELECT s.reset_val::bigint FROM pg_catalog.pg_settings s WHERE s.name = 'max_standby_streaming_delay') AS delay_ms,
       (SELECT s.setting = 'on' FROM pg_catalog.pg_settings s WHERE s.name = 'hot_standby_feedback') AS feedback,
       a.pid,
       COALESCE(a.usename::text, '') AS role,
       COALESCE(a.application_name, '') AS application,
       COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.query_start)::float8, 0) AS seconds
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (
    SELECT b.pid, b.usename, b.application_name, b.query_start
    FROM pg_catalog.pg_stat_activity b
    WHERE b.backend_type = 'client backend' AND b.state = 'active' AND b.pid <> pg_catalog.pg_backend_pid()
    ORDER BY b.query_start, b.pid
    LIMIT 1
) a ON true
