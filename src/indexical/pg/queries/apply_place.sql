-- Where the answering server is, as it says itself, and the timeline it writes: the name of the write-ahead log's current
-- file has the new number at once after a promotion, while the control file has it only after the next checkpoint.
SELECT COALESCE(host(pg_catalog.inet_server_addr()), 'local') || ':' || pg_catalog.current_setting('port') AS address,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN ''
            ELSE substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8) END AS timeline
