-- The server's clock, in seconds since the epoch: beside our own, so that setting one of them gains nothing.
SELECT extract(epoch FROM pg_catalog.clock_timestamp())::float8 AS now
