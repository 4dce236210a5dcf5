-- Check constraints of user tables: the planner refutes contradicting conditions with them.
SELECT k.conrelid::bigint AS relation, k.conname AS name, pg_catalog.pg_get_constraintdef(k.oid) AS definition
FROM pg_catalog.pg_constraint k
WHERE k.contype = 'c' AND k.conrelid = ANY (%s::oid[])
ORDER BY k.conrelid, k.conname
