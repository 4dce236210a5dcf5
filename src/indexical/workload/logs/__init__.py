"""PostgreSQL server logs as a source of statements: csvlog, jsonlog and stderr, plain or compressed, of any size.

Settings and formats: https://www.postgresql.org/docs/18/runtime-config-logging.html. Logs are read as a stream and taken as
hostile: whoever can send a statement can put anything into one.
"""
