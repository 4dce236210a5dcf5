-- Scans and changes of user tables so far, and how many other sessions of this database may not have reported all they did:
-- those that work, those that have been idle for less than so many seconds, and those whose state is not ours to see.
SELECT
    (SELECT COALESCE(sum(COALESCE(s.seq_scan, 0) + COALESCE(s.idx_scan, 0) + s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)
     FROM pg_catalog.pg_stat_user_tables AS s) AS work,
    (SELECT count(*)
     FROM pg_catalog.pg_stat_activity AS a
     WHERE a.datname = pg_catalog.current_database()
       AND (a.backend_type = 'client backend' OR a.backend_type IS NULL)
       AND a.pid <> pg_catalog.pg_backend_pid()
       AND (a.state IS DISTINCT FROM 'idle'
            OR a.state_change > pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %(seconds)s))) AS sessions
