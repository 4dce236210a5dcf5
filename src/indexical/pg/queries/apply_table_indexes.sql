-- Every index of a table and of its TOAST table, in any state and whatever it is called, with all that makes its structure.
SELECT i.indexrelid::bigint AS oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       i.indrelid::bigint AS table_oid,
       c.relkind::text AS kind,
       i.indisvalid AS valid,
       i.indisready AS ready,
       i.indislive AS live,
       i.indisexclusion AS exclusion,
       pg_catalog.concat_ws('|', i.indrelid, c.relam, i.indisunique, i.indnatts, i.indnkeyatts, i.indkey::text, i.indclass::text,
                            i.indcollation::text, i.indoption::text, pg_catalog.pg_get_expr(i.indexprs, i.indrelid),
                            pg_catalog.pg_get_expr(i.indpred, i.indrelid)) AS shape
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = %(table)s::bigint::oid
   OR i.indrelid = (SELECT t.reltoastrelid FROM pg_catalog.pg_class t
                    WHERE t.oid = %(table)s::bigint::oid AND t.reltoastrelid <> 0)
ORDER BY 1
