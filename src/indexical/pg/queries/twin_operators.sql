-- The operators by which ANALYZE compares values of a type: those of its default B-tree class, else equality of the hash class.
CREATE FUNCTION indexical_twin.operators(wanted pg_catalog.oid, OUT equal pg_catalog.oid, OUT less pg_catalog.oid)
LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT
        (
            SELECT p.amopopr FROM pg_catalog.pg_amop p
            WHERE p.amopfamily = c.opcfamily AND p.amoplefttype = c.opcintype AND p.amoprighttype = c.opcintype
              AND p.amopstrategy = CASE c.opcmethod WHEN 403 THEN 3 ELSE 1 END
        ),
        (
            SELECT p.amopopr FROM pg_catalog.pg_amop p
            WHERE c.opcmethod = 403 AND p.amopfamily = c.opcfamily AND p.amoplefttype = c.opcintype
              AND p.amoprighttype = c.opcintype AND p.amopstrategy = 1
        )
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_opclass c ON c.opcdefault AND c.opcmethod IN (403, 405) AND (
        c.opcintype = t.oid
        OR c.opcintype = CASE
            WHEN t.typtype = 'e' THEN 'pg_catalog.anyenum'::pg_catalog.regtype
            WHEN t.typtype = 'r' THEN 'pg_catalog.anyrange'::pg_catalog.regtype
            WHEN t.typtype = 'm' THEN 'pg_catalog.anymultirange'::pg_catalog.regtype
            WHEN t.typtype = 'c' THEN 'pg_catalog.record'::pg_catalog.regtype
            WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'pg_catalog.anyarray'::pg_catalog.regtype
        END
        OR EXISTS (
            SELECT 1 FROM pg_catalog.pg_cast k
            WHERE k.castsource = t.oid AND k.casttarget = c.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i'
        )
    )
    JOIN pg_catalog.pg_type i ON i.oid = c.opcintype
    WHERE t.oid = wanted
    ORDER BY c.opcmethod, (c.opcintype = t.oid) DESC, i.typispreferred DESC, c.oid
    LIMIT 1
$$
