-- Ends what is left of a dump of ours; its name holds the run, so it is nobody else's.
SELECT pg_catalog.pg_terminate_backend(a.pid) AS ended
FROM pg_catalog.pg_stat_activity a
WHERE a.application_name = %(application)s
  AND a.usename = current_user
  AND a.pid <> pg_catalog.pg_backend_pid()
