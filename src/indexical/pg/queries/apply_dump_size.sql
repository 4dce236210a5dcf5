-- Bytes that a dump has to hold at most: everything but the indexes, read without a lock on any table.
SELECT GREATEST(
    pg_catalog.pg_database_size(pg_catalog.current_database()) - (
        SELECT COALESCE(sum(c.relpages), 0) FROM pg_catalog.pg_class c WHERE c.relkind = 'i'
    ) * pg_catalog.current_setting('block_size')::bigint,
    0
)::bigint AS bytes
