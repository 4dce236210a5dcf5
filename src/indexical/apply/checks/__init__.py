"""The checks of the preflight, pure: facts in, findings out, in one visible order.

What each one guards against was seen on real servers; the rules of PostgreSQL behind them are in "Building Indexes
Concurrently" (https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY).
"""

from __future__ import annotations

from indexical.apply.checks.definitions import changed, drops, functions, names
from indexical.apply.checks.room import disk, effort, wal
from indexical.apply.checks.rows import repetitions, values, widths
from indexical.apply.checks.server import event_triggers, rights, server, sessions, settings, sight
from indexical.apply.checks.standbys import readers, standbys
from indexical.apply.checks.task import Check, Task
from indexical.apply.checks.traffic import running, schema_changes, transactions
from indexical.model.keeping import needed_by

__all__ = ["CHECKS", "CODES", "Check", "Task", "needed_by"]

CODES = {
    "P01": "the server is a standby",
    "P02": "a connection pooler stands in between",
    "P03": "the table does not exist",
    "P04": "our role does not own the table",
    "P05": "our role may not create objects in the schema",
    "P06": "the index exists already as defined, and is taken as built",
    "P07": "an invalid leftover of an interrupted build bears the name",
    "P08": "something else bears the name",
    "P09": "an index with the same definition exists under another name",
    "P10": "another index build runs on the table",
    "P11": "the name is too long",
    "P12": "an old snapshot or an open write would hold up the build",
    "P13": "a prepared transaction would hold up the build for ever",
    "P14": "the build is large",
    "P15": "this kind of relation cannot be indexed concurrently",
    "P16": "the index to drop is not the one that was advised on",
    "P17": "the index to drop is needed by something other than reads",
    "P18": "this PostgreSQL release corrupts concurrently built indexes",
    "P19": "something could not be examined",
    "P20": "the disk has no room for the index",
    "P21": "the disk of the write-ahead log has no room for the build",
    "P22": "a replication slot that nobody reads keeps the write-ahead log",
    "P23": "commits wait for a synchronous standby that is not there",
    "P24": "a standby is too far behind",
    "P25": "the drop can end queries on a standby",
    "P26": "an event trigger may refuse the statement",
    "P27": "values are too wide for a B-tree",
    "P28": "the expression fails on a row",
    "P29": "rows hold the same key, so the index cannot be unique",
    "P30": "an expression is not immutable",
    "P31": "a function in an expression depends on the search path",
    "P32": "a timeout of our role is set aside for the run",
    "P33": "our role is a superuser",
    "P34": "a part of the table will not be analysed, for want of rights",
    "P35": "the table or a column is not what the index was advised for",
    "P36": "the name holds characters that no name should",
    "P37": "a pg_dump runs, which the build would wait for",
    "P38": "another session changes the table, or is about to",
    "P39": "maintenance_work_mem is small for the build",
    "P40": "a vacuum that protects the database from wraparound runs on the table",
    "P41": "too few connections are left",
    "P42": "transactions of our role are read-only",
    "P43": "the index would come to lie in a tablespace of our role's setting",
}
"""Every code and its meaning; a code is never reused."""

CHECKS: tuple[Check, ...] = (
    server, sight, sessions, settings, rights, event_triggers, changed, names, functions, running, schema_changes,
    transactions, standbys, readers, drops, values, widths, repetitions, disk, wal, effort,
)  # fmt: skip
