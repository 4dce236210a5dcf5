-- Ends a backend of our own, recognised by pid and start.
SELECT pg_catalog.pg_terminate_backend(a.pid) AS sent
FROM pg_catalog.pg_stat_activity a
WHERE a.pid = %(pid)s AND a.backend_start = %(started)s::timestamptz
