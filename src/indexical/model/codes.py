"""Stable codes of what can become of a change; a code never gets another meaning."""

from __future__ import annotations

CODES: dict[str, str] = {
    "CANCELLED": "somebody cancelled it",
    "TERMINATED": "somebody ended our session",
    "GIVEN_UP": "we cancelled it ourselves, because it harmed or waited for somebody for too long",
    "LOCK": "a lock could not be had in time",
    "DEADLOCK": "it deadlocked with another session, and another try did not help",
    "DISK": "the disk, the temporary space or its limit was full",
    "DUPLICATES": "rows hold the same key, so the index cannot be unique",
    "VALUE": "a row's value does not fit the index expression",
    "ROW_TOO_WIDE": "a row's value is too wide for the access method",
    "NOT_IMMUTABLE": "an index expression or predicate calls what is not immutable, or needs a search path",
    "RIGHTS": "our role lacks a right",
    "READ_ONLY": "the server or the session takes no changes",
    "NAME_TAKEN": "the name belongs to something else",
    "CHANGED": "the table, a column or the index is not what the change was made for",
    "NEEDED": "something other than reads needs the index",
    "NOT_CONCURRENT": "this kind of relation cannot be indexed concurrently",
    "FORBIDDEN": "an event trigger or the server's rules forbade it",
    "SERVER_LOST": "the server went away, and did not come back in time",
    "TARGET_CHANGED": "another server or database answers than the one the run began on",
    "STATE_UNKNOWN": "the server did not answer in time; what became of the statement is not known yet",
    "CLEANUP_PENDING": "an invalid index of ours is left, and what keeps it is named; the next run removes it",
    "MISSING": "the index is not there",
    "INVALID": "the index is there, but reads cannot use it",
    "CORRUPT": "the index does not hold what its table holds",
    "WORSE": "statements got slower with the index, by more than they gain elsewhere",
    "NO_GAIN": "nothing scanned the index although its table was read often enough",
    "NOT_AS_BEFORE": "an index is back, but not in every detail as it was; the details are named",
    "PLAIN_FAILURE": "PostgreSQL refused it for another reason; its SQLSTATE is given",
}
