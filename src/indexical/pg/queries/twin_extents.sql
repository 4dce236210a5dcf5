-- Tells the twin's catalog how large its relations are, and in which file one is that has been given another.
UPDATE pg_catalog.pg_class c
SET relpages = v.pages, reltuples = v.tuples, relallvisible = v.visible, relfilenode = coalesce(v.file, c.relfilenode)
FROM pg_catalog.jsonb_to_recordset(%s::jsonb) AS v (oid oid, pages integer, tuples real, visible integer, file oid)
WHERE c.oid = v.oid
