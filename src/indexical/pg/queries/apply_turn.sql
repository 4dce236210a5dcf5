-- One index operation per database at a time. Only ever tried, never waited for: a session that waits for an advisory
-- lock holds a snapshot, and a concurrent build by the lock's holder would deadlock with it.
SELECT pg_catalog.pg_try_advisory_lock(%(family)s::int, %(number)s::int) AS mine
