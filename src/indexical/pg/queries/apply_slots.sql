-- Replication slots and how much of the write-ahead log each makes the server keep.
SELECT s.slot_name::text AS name,
       s.active,
       COALESCE(s.wal_status, '') AS status,
       COALESCE(pg_catalog.pg_wal_lsn_diff(
           CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
                ELSE pg_catalog.pg_current_wal_lsn() END, s.restart_lsn), 0)::bigint AS retained
FROM pg_catalog.pg_replication_slots s
WHERE NOT s.temporary
ORDER BY 1
