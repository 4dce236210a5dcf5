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
    CASE WHEN p.when_known
        THEN coalesce(pg_catalog.to_char(r.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '')
    ELSE '' END AS statistics_since,
    coalesce(GREATEST(EXTRACT(EPOCH FROM pg_catalog.now() - r.since)::float8, 0), 0) AS seconds,
    pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS taken_at,
    (
        SELECT pg_catalog.count(*)
        FROM pg_catalog.pg_stat_replication s
        WHERE coalesce(s.state, '') <> 'backup'
          AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_replication_slots l WHERE l.active_pid = s.pid AND l.slot_type = 'logical'
          )
    ) + (
        SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots l WHERE l.slot_type = 'physical' AND NOT l.active
    ) AS standbys
FROM pg_catalog.pg_database d
-- A standby that was promoted counted as a standby before: what the old primary counted is lost. Only the history file of its
-- timeline tells when that was.
CROSS JOIN LATERAL (
    SELECT
        l.line = 1 OR pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE') AS when_known,
        %(promoted)s::timestamptz AS promoted
    FROM (
        SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN 1 ELSE
            ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::integer
        END AS line
    ) l
) p
CROSS JOIN LATERAL (
    SELECT GREATEST(
        (SELECT s.stats_reset FROM pg_catalog.pg_stat_database s WHERE s.datid = d.oid),
        -- A crash resets the counters without a word in pg_stat_database; this one moves.
        (SELECT b.stats_reset FROM pg_catalog.pg_stat_bgwriter b),
        p.promoted
    ) AS since
) r
WHERE d.datname = pg_catalog.current_database()
