-- Levels of B-trees from their metapages, the fast root's as the planner takes it; needs pageinspect and a superuser.
SELECT c.oid::bigint AS oid, m.fastlevel AS height
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_am am ON am.oid = c.relam
CROSS JOIN LATERAL bt_metap(c.oid::pg_catalog.regclass::text) m
WHERE c.oid = ANY (%s::oid[]) AND c.relkind = 'i' AND am.amname = 'btree'
