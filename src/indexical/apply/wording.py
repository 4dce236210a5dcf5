"""Why PostgreSQL refused or ended a build, in our words: by SQLSTATE only, since its messages can quote rows.

Codes: https://www.postgresql.org/docs/18/errcodes-appendix.html. Ours are in :mod:`indexical.model.codes`.
"""

from __future__ import annotations

import re

from indexical.errors import ConnectionFailed, DatabaseError, PreflightRefused

_AGAIN = "run this again"
_WORDS: dict[str, tuple[str, str, str]] = {
    "08": ("SERVER_LOST", "the connection to the server was lost", "see that the server runs, then run this again"),
    "0A000": (
        "NOT_CONCURRENT",
        "this kind of relation cannot be indexed concurrently",
        "build the index on each partition instead",
    ),
    "22": ("VALUE", "a row's value does not fit the index expression", "correct those rows or index another expression"),
    "23505": (
        "DUPLICATES",
        "the table holds duplicate values, so the index cannot be unique",
        "remove the duplicates, then run this again",
    ),
    "25006": ("READ_ONLY", "the server or session is read-only", "connect to the primary with a role that may write"),
    "2BP01": ("NEEDED", "something else depends on it", "keep it, or take away first what needs it"),
    "40P01": ("DEADLOCK", "another index operation or DDL deadlocked with it", "run this again when that has ended"),
    "42501": ("RIGHTS", "our role lacks a right", "connect as the table's owner, with CREATE on the schema"),
    "42P07": ("NAME_TAKEN", "the name was taken while it was being built", "run this again to see what by"),
    "42P17": ("NOT_IMMUTABLE", "the index expression is not immutable", "index an expression whose functions are immutable"),
    "42": (
        "CHANGED",
        "the table, a column or a function is not what the advice was made for",
        "take a new snapshot and advise again",
    ),
    "53100": ("DISK", "the disk is full", "make room, then run this again"),
    "53400": (
        "DISK",
        "it needed more temporary space than temp_file_limit allows",
        "raise temp_file_limit or maintenance_work_mem",
    ),
    "53": ("PLAIN_FAILURE", "the server ran out of a resource", "see the server's log, then run this again"),
    "54000": ("ROW_TOO_WIDE", "a row is too wide for this index", "index a hash or a leading part of the value instead"),
    "55P03": ("LOCK", "another session held a lock on the table for too long", "run this again when it is done"),
    "57014": ("CANCELLED", "it was cancelled", _AGAIN),
    "57P01": ("TERMINATED", "somebody ended our session", _AGAIN),
    "57P": ("SERVER_LOST", "the server ended it", "see the server's log, then run this again"),
    "P0": ("FORBIDDEN", "a trigger on DDL, or a function that the index calls, forbade it", "ask whoever runs this database"),
    "XX": ("PLAIN_FAILURE", "the server found an internal error", "see the server's log"),
}  # fmt: skip
"""By SQLSTATE, or the start of one: our code, what happened, what to do. The longest that fits counts."""

_STATE = re.compile(r"[0-9A-Z]{5}")


def wording(error: DatabaseError) -> tuple[str, str]:
    """What happened and what to do about it."""
    return _known(error)[1:]


def code(error: DatabaseError) -> str:
    """Our stable code for it."""
    return _known(error)[0]


def sqlstate(error: DatabaseError | None) -> str:
    """The server's own code; empty when it gave none, as when it went away."""
    return error.code if error is not None and _STATE.fullmatch(error.code) else ""


def _known(error: DatabaseError) -> tuple[str, str, str]:
    state = sqlstate(error)
    for length in (5, 3, 2):
        if state and state[:length] in _WORDS:
            return _WORDS[state[:length]]
    if isinstance(error, ConnectionFailed):
        return _WORDS["08"]
    if isinstance(error, PreflightRefused):
        return "PLAIN_FAILURE", str(error), "connect to the server itself, then run this again"
    return "PLAIN_FAILURE", f"PostgreSQL refused it (SQLSTATE {error.code})", "see the server's log"
