-- Whether a backend that we started still runs: the pid alone may have been given to somebody else since.
SELECT a.pid FROM pg_catalog.pg_stat_activity a WHERE a.pid = %(pid)s AND a.backend_start = %(started)s::timestamptz
