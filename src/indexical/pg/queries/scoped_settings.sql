-- Settings of the database, of roles, and of roles in the database; the weakest first.
SELECT
    coalesce(r.rolname, '') AS role,
    s.setdatabase = 0 AS everywhere,
    pg_catalog.to_jsonb(s.setconfig) AS pairs
FROM pg_catalog.pg_db_role_setting s
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
  AND (s.setrole = 0 OR r.rolname IS NOT NULL)
ORDER BY (s.setrole <> 0)::integer + (s.setrole <> 0 AND s.setdatabase <> 0)::integer, r.rolname
