-- Tablespaces with the costs set for them.
SELECT
    t.spcname AS name,
    coalesce((
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_array(o.option_name, coalesce(o.option_value, '')) ORDER BY o.option_name
        )
        FROM pg_catalog.pg_options_to_table(t.spcoptions) o
    ), '[]'::jsonb) AS options,
    t.oid = (SELECT d.dattablespace FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS "default"
FROM pg_catalog.pg_tablespace t
WHERE t.spcname <> 'pg_global'
ORDER BY t.spcname
