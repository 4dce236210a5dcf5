-- Tells the twin's catalog how large its relations are.
UPDATE pg_catalog.pg_class c
SET relpages = v.pages, reltuples = v.tuples, relallvisible = v.visible
FROM pg_catalog.jsonb_to_recordset(%s::jsonb) AS v (oid oid, pages integer, tuples real, visible integer)
WHERE c.oid = v.oid
