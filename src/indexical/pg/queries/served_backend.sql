-- The process that serves this session, and when it began, in seconds since 1970.
SELECT a.pid, extract(epoch FROM a.backend_start)::float8 AS began
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = pg_catalog.pg_backend_pid()
