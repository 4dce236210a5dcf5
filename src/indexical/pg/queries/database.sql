-- The database itself: name, locale, the schemas unqualified names are looked up in, and since when counters count.
SELECT
    d.datname AS name,
    pg_catalog.to_jsonb(d) ->> 'datcollate' AS lc_collate,
    pg_catalog.to_jsonb(d) ->> 'datctype' AS lc_ctype,
    coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') AS locale_provider,
    coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale', '') AS locale,
    pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
    pg_catalog.current_setting('server_version') AS version_text,
    pg_catalog.current_setting('server_version_num')::integer AS version,
    pg_catalog.to_jsonb(pg_catalog.current_schemas(false)) AS schemas,
    pg_catalog.current_setting('is_superuser') = 'on' AS superuser,
    pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS reads_statistics,
    pg_catalog.pg_is_in_recovery() AS standby,
    coalesce(pg_catalog.to_char(r.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') AS statistics_since,
    coalesce(GREATEST(EXTRACT(EPOCH FROM pg_catalog.now() - r.since)::float8, 0), 0) AS seconds,
    pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS taken_at
FROM pg_catalog.pg_database d
CROSS JOIN LATERAL (
    SELECT GREATEST(
        (SELECT s.stats_reset FROM pg_catalog.pg_stat_database s WHERE s.datid = d.oid),
        -- A crash resets the counters without a word in pg_stat_database; this one moves.
        (SELECT b.stats_reset FROM pg_catalog.pg_stat_bgwriter b)
    ) AS since
) r
WHERE d.datname = pg_catalog.current_database()
