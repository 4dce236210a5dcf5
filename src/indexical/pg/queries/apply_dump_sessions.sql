-- Sessions of a dump of ours that are still there.
SELECT a.pid
FROM pg_catalog.pg_stat_activity a
WHERE a.application_name = %(application)s
  AND a.usename = current_user
  AND a.pid <> pg_catalog.pg_backend_pid()
ORDER BY a.pid
