"""csvlog: comma-separated values whose texts may run over many lines.

A record ends where the number of double quotes is even, so a line that a statement's own text forges stays inside its record.
Columns: https://www.postgresql.org/docs/18/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG
"""

from __future__ import annotations

import csv
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from indexical.workload.logs.entries import MAX_ENTRY, STAMP, Damage, Entry, is_interesting
from indexical.workload.logs.stderr import NOT_TEXT, TOO_LONG
from indexical.workload.logs.stream import Lines

NOT_A_RECORD = "a record has not the columns of a server log, or was cut off"
COLUMNS = range(23, 27)
"""23 until PostgreSQL 12; backend type, leader's process id and query id came later."""
_RESTARTS = 16
_FIRST = re.compile(rf"{STAMP} [\w+:-]+\Z")
_DATABASE, _PID, _SESSION, _SEVERITY, _MESSAGE, _DETAIL, _APPLICATION = 2, 3, 5, 11, 13, 14, 22


def read(lines: Lines) -> Iterator[Entry | Damage]:
    """The messages that may tell of statements, in order."""
    # The module's own limit is 128 KiB a field, which a plan of auto_explain may well have.
    csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_ENTRY))
    for _ in range(_RESTARTS):
        broken: _Open | None = yield from _pass(lines)
        if broken is None:
            return
        if broken.size <= MAX_ENTRY:
            # What is behind its beginning may be its own text: the file may just not be written to its end yet.
            yield Damage(broken.place, "the last record does not end")
            return
        # No message is that long: the record was cut off long before, and what follows it are others.
        yield Damage(broken.place, NOT_A_RECORD)
        lines.rewind(broken.behind, broken.place)


@dataclass(slots=True)
class _Open:
    place: int
    behind: int
    """Where in the file its second line begins."""
    size: int = 0
    parts: list[bytes] = field(default_factory=list)
    lost: bool = False
    opened: bool = False
    """Whether it is inside a text, so that its end is still to come."""

    def add(self, line: bytes, shortened: bool) -> None:
        self.size += len(line)
        self.lost = self.lost or shortened or self.size > MAX_ENTRY
        if self.lost:
            self.parts = []
        else:
            self.parts.append(line)


def _pass(lines: Lines) -> Generator[Entry | Damage, None, _Open | None]:
    """The messages until the end of the file; returns the record that was still open there."""
    current: _Open | None = None
    for line in lines:
        if current is None:
            if not line.strip():
                continue
            current = _Open(lines.number, lines.position())
        current.add(line, lines.shortened)
        odd = (line.count(b'"') + lines.quotes_cut) % 2 == 1
        current.opened ^= odd
        if current.opened:
            continue
        if current.lost:
            yield Damage(current.place, TOO_LONG)
        elif (ended := _ended(b"".join(current.parts), current.place)) is not None:
            yield ended
        current = None
    return current


def _ended(record: bytes, place: int) -> Entry | Damage | None:
    try:
        text = record.decode()
    except UnicodeDecodeError:
        return Damage(place, NOT_TEXT)
    try:
        rows = list(csv.reader([text], strict=True)) if "\x00" not in text else []
    except csv.Error:
        rows = []
    if len(rows) != 1 or len(rows[0]) not in COLUMNS or not _FIRST.match(rows[0][0]):
        return Damage(place, NOT_A_RECORD)
    (row,) = rows
    if not is_interesting(row[_SEVERITY], row[_MESSAGE]):
        return None
    return Entry(
        place=place,
        severity=row[_SEVERITY],
        message=row[_MESSAGE],
        detail=row[_DETAIL],
        session=row[_SESSION] or row[_PID],
        database=row[_DATABASE],
        application=row[_APPLICATION],
        stamp=row[0][:23],
    )
