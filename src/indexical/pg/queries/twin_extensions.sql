-- Extensions that the engine could install.
SELECT name FROM pg_catalog.pg_available_extensions WHERE name = ANY (%s) ORDER BY name
