-- Whether the database may be spoilt: a setting made by ALTER DATABASE, for no role in particular, or its comment. A setting of the
-- session does not count, for it says nothing about the data.
SELECT
    d.datname AS name,
    coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '') AS comment,
    EXISTS (
        SELECT FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) AS c(line)
        WHERE s.setdatabase = d.oid AND s.setrole = 0
          AND pg_catalog.lower(c.line) IN ('indexical.disposable=on', 'indexical.disposable=true', 'indexical.disposable=1')
    ) AS marked
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
