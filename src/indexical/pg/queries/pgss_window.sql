-- Since when pg_stat_statements counts, and how often it had to forget the rarest statements. The search path leads to it.
SELECT extract(epoch FROM pg_catalog.clock_timestamp() - i.stats_reset)::float8 AS seconds,
       i.dealloc::float8 AS forgotten
  FROM pg_stat_statements_info AS i
