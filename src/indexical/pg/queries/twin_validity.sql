-- Makes each index as valid as it is in the catalog.
UPDATE pg_catalog.pg_index i
SET indisvalid = v.valid
FROM pg_catalog.jsonb_to_recordset(%s::jsonb) AS v (oid oid, valid boolean)
WHERE i.indexrelid = v.oid AND i.indisvalid <> v.valid
