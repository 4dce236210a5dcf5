-- Which cluster this is: the same number on a primary and its standbys, another one everywhere else.
SELECT system_identifier::text AS system_identifier FROM pg_catalog.pg_control_system()
