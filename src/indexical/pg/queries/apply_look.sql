-- What our own backend is doing now, for the look-out beside it: what it waits for, and whether a lock is among that.
SELECT COALESCE(a.wait_event, '') AS wait_event,
       EXISTS (SELECT 1 FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND NOT l.granted) AS waits
FROM pg_catalog.pg_stat_activity a
WHERE a.pid = %(pid)s
