-- Whether the cast from one type to another is immutable: the volatility of its function, or of the types' own reading and
-- writing where the cast goes through text. An array is cast element by element, a domain as the type it is made of.
WITH RECURSIVE meant AS (
    SELECT 'source' AS side, t.oid, t.typtype, t.typbasetype, t.typelem, t.typcategory
    FROM pg_catalog.pg_type t
    WHERE t.oid = %(source)s::bigint::oid
    UNION ALL
    SELECT 'target', t.oid, t.typtype, t.typbasetype, t.typelem, t.typcategory
    FROM pg_catalog.pg_type t
    WHERE t.oid = pg_catalog.to_regtype(%(target)s::text)
    UNION ALL
    SELECT m.side, t.oid, t.typtype, t.typbasetype, t.typelem, t.typcategory
    FROM meant m
    JOIN pg_catalog.pg_type t
      ON t.oid = CASE WHEN m.typtype = 'd' THEN m.typbasetype WHEN m.typcategory = 'A' THEN m.typelem END
), plain AS (
    SELECT m.side, t.oid, t.typinput, t.typoutput
    FROM meant m
    JOIN pg_catalog.pg_type t ON t.oid = m.oid
    WHERE m.typtype <> 'd' AND m.typcategory <> 'A'
)
SELECT COALESCE(f.provolatile::text,
                CASE WHEN k.castmethod = 'b' OR s.oid = t.oid THEN 'i'
                     WHEN o.provolatile = 'i' AND i.provolatile = 'i' THEN 'i' ELSE 's' END) AS volatility
FROM plain s
JOIN plain t ON s.side = 'source' AND t.side = 'target'
JOIN pg_catalog.pg_proc o ON o.oid = s.typoutput
JOIN pg_catalog.pg_proc i ON i.oid = t.typinput
LEFT JOIN pg_catalog.pg_cast k ON k.castsource = s.oid AND k.casttarget = t.oid
LEFT JOIN pg_catalog.pg_proc f ON f.oid = k.castfunc
