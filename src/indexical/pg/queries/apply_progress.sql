-- How far one backend's index build is.
SELECT COALESCE(p.phase, '') AS phase,
       COALESCE(p.index_relid::bigint, 0) AS index_oid,
       COALESCE(p.blocks_done, 0) AS blocks_done,
       COALESCE(p.blocks_total, 0) AS blocks_total,
       COALESCE(p.tuples_done, 0) AS tuples_done,
       COALESCE(p.tuples_total, 0) AS tuples_total,
       COALESCE(p.lockers_done, 0) AS lockers_done,
       COALESCE(p.lockers_total, 0) AS lockers_total,
       COALESCE(p.current_locker_pid, 0) AS locker_pid
FROM pg_catalog.pg_stat_progress_create_index p
WHERE p.pid = %(pid)s
