-- What autovacuum goes by, as plain numbers in the setting's own unit.
SELECT s.name, s.setting
  FROM pg_catalog.pg_settings AS s
 WHERE s.name = ANY (%(names)s::text[])
 ORDER BY s.name
