-- A job of pg_cron by name; one of the same name and role is replaced.
SELECT cron.schedule(%(name)s, %(when)s, %(command)s) AS job
