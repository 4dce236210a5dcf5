-- Whether this server was promoted once, and whether our role may ask when: the history file of its timeline tells.
SELECT l.line > 1 AND pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE') AS can_be_asked
FROM (
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN 1 ELSE
        ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::integer
    END AS line
) l
