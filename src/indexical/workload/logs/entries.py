"""What one message of a log is, whatever its format, and the words that statements come in."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_ENTRY = 1024 * 1024
"""Bytes of one message; longer ones are read past and counted."""


@dataclass(slots=True)
class Entry:
    """One message with the details that belong to it."""

    place: int
    """The line where it begins."""
    severity: str
    message: str
    detail: str = ""
    session: str = ""
    """Whatever tells sessions apart: session id or process id; empty when the format does not say."""
    database: str = ""
    application: str = ""
    stamp: str = ""
    """``2026-03-01 10:00:00.123``, which sorts as time does; empty when the format does not say."""


@dataclass(slots=True)
class Damage:
    """A part of a log that is no message."""

    place: int
    why: str


STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?"
_INTERESTING = re.compile(r"(?:duration: [0-9.]+ ms|statement: |execute )")


def is_interesting(severity: str, message: str) -> bool:
    """Whether a message may tell of a statement, or of one that failed."""
    if severity in ("ERROR", "FATAL"):
        return True
    return _INTERESTING.match(message) is not None
