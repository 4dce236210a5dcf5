SELECT pg_catalog.pg_advisory_unlock(%(family)s::int, %(number)s::int) AS released
