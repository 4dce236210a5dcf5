-- This session's counters reach the shared ones at the end of this transaction (PostgreSQL 15 and later).
SELECT pg_catalog.pg_stat_force_next_flush() AS flushed
