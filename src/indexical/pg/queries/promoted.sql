-- When this server was promoted, by the youngest history file; only for roles that may list the write-ahead log.
SELECT max(f.modification)::text AS promoted FROM pg_catalog.pg_ls_waldir() f WHERE f.name LIKE '%.history'
