-- Where the server keeps what a build writes.
SELECT pg_catalog.current_setting('data_directory') AS data,
       COALESCE((SELECT pg_catalog.pg_tablespace_location(d.dattablespace)
                 FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()), '') AS tablespace
