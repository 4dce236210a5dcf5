-- What of strangers' an index needs: functions and operators that neither PostgreSQL nor an extension brought, and types that
-- call some. What PostgreSQL itself brings is pinned and leaves no trace here.
SELECT 1 AS found
FROM pg_catalog.pg_depend d
LEFT JOIN pg_catalog.pg_type t ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.refobjid
WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid = %s::pg_catalog.oid
    AND (
        d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
        OR t.typtype IN ('d', 'c')
    )
    AND NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_depend e
        WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e'
    )
LIMIT 1
