-- Which of the named settings the engine knows and lets a session change.
SELECT name FROM pg_catalog.pg_settings WHERE name = ANY (%s) AND context IN ('user', 'superuser')
