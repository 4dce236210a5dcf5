"""Why PostgreSQL refused or ended a build, in our words: by SQLSTATE only, since its messages can quote rows.

Codes: https://www.postgresql.org/docs/18/errcodes-appendix.html.
"""

from __future__ import annotations

from indexical.errors import ConnectionFailed, DatabaseError

_WORDS: dict[str, tuple[str, str]] = {
    "0A000": ("this kind of relation cannot be indexed concurrently", "build the index on each partition instead"),
    "22": ("a row's value does not fit the index expression", "correct those rows or index another expression"),
    "23505": ("the table holds duplicate values, so the index cannot be unique", "remove the duplicates, then run this again"),
    "25006": ("the server or session is read-only", "connect to the primary with a role that may write"),
    "40P01": ("another index operation or DDL deadlocked with it", "run this again"),
    "42501": ("our role lacks a right", "connect as the table's owner, with CREATE on the schema"),
    "42P07": ("the name was taken while it was being built", "run this again to see what by"),
    "42P17": ("the index expression is not immutable", "index an expression whose functions are immutable"),
    "42": ("the table, a column or a function is not what the advice was made for", "take a new snapshot and advise again"),
    "53100": ("the disk is full", "make room, then run this again"),
    "53400": ("it needed more temporary space than temp_file_limit allows", "raise temp_file_limit or maintenance_work_mem"),
    "53": ("the server ran out of a resource", "see the server's log, then run this again"),
    "54000": ("a row is too wide for this index", "index a hash or a leading part of the value instead"),
    "55P03": ("another session held a lock on the table for too long", "run this again when it is done"),
    "57014": ("it was cancelled", "run this again"),
    "57P": ("the server ended it", "see the server's log, then run this again"),
    "P0": ("a trigger on DDL forbade it", "ask whoever runs this database"),
    "XX": ("the server found an internal error", "see the server's log"),
}  # fmt: skip
"""By SQLSTATE, or the start of one; the longest that fits counts."""


def wording(error: DatabaseError) -> tuple[str, str]:
    """What happened and what to do about it."""
    state = error.code
    for length in (5, 3, 2):
        if state[:length] in _WORDS:
            return _WORDS[state[:length]]
    if isinstance(error, ConnectionFailed):
        return "the connection to the server was lost", "see that the server runs, then run this again"
    return f"PostgreSQL refused it (SQLSTATE {state})", "see the server's log"
