"""The stderr format: a head line under ``log_line_prefix``, then lines that begin with a tab and belong to it.

The server puts a tab behind every line break of a message, so a line that a statement's own text forges is never a head.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexical.workload.logs.entries import MAX_ENTRY, Damage, Entry, is_interesting
from indexical.workload.logs.stream import Lines

_ATTACHED = frozenset(["DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION", "BACKTRACE"])
TOO_LONG = f"a message is longer than {MAX_ENTRY >> 10} KiB"
NOT_TEXT = "a message is not UTF-8 text"
NO_HEAD = "a line does not begin as the others do (log_line_prefix)"
_DAMAGED = {"too long": TOO_LONG, "text": NOT_TEXT}


class _Open:
    """A message while its lines are being read. Lines that nobody needs are not kept."""

    __slots__ = ("attribute", "entry", "lines", "room", "spoiled", "wanted")

    def __init__(self) -> None:
        self.entry: Entry | None = None
        self.attribute = "message"
        self.lines: list[str] = []
        self.room = MAX_ENTRY
        self.wanted = False
        self.spoiled = ""

    def begin(self, entry: Entry) -> None:
        self.entry, self.attribute = entry, "message"
        self.lines, self.room, self.spoiled = [], MAX_ENTRY, ""
        self.wanted = is_interesting(entry.severity, entry.message)

    def attach(self, severity: str, rest: str) -> None:
        self.settle()
        if severity == "DETAIL" and self.wanted and self.entry is not None:
            self.attribute = "detail"
            self.entry.detail = rest
        else:
            self.attribute = ""

    def add(self, line: bytes, shortened: bool) -> None:
        if not self.wanted or not self.attribute:
            return
        self.room -= len(line)
        if shortened or self.room < 0:
            self.spoil("too long")
            return
        try:
            self.lines.append(line[1:].rstrip(b"\r\n").decode())
        except UnicodeDecodeError:
            self.spoil("text")

    def spoil(self, why: str) -> None:
        if self.attribute == "detail" and self.entry is not None:
            # The statement itself is whole; only its values are lost.
            self.entry.detail, self.lines, self.attribute = "", [], ""
        else:
            self.spoiled, self.lines = why, []

    def settle(self) -> None:
        """Puts the lines read so far where they belong."""
        if self.lines and self.entry is not None and self.attribute:
            text = "\n".join((getattr(self.entry, self.attribute), *self.lines))
            setattr(self.entry, self.attribute, text)
        self.lines = []

    def close(self) -> Entry | Damage | None:
        self.settle()
        entry, self.entry = self.entry, None
        if entry is None or not self.wanted:
            return None
        return Damage(entry.place, _DAMAGED[self.spoiled]) if self.spoiled else entry


def read(lines: Lines, head: re.Pattern[str]) -> Iterator[Entry | Damage]:
    """The messages that may tell of statements, in order."""
    current = _Open()
    for line in lines:
        if line[:1] == b"\t":
            current.add(line, lines.shortened)
            continue
        if not line.strip():
            continue
        spoiled = "too long" if lines.shortened else ""
        try:
            text = line.rstrip(b"\r\n").decode()
        except UnicodeDecodeError:
            spoiled, text = "text", line.rstrip(b"\r\n").decode("utf-8", "replace")
        found = head.match(text)
        if found is None:
            yield from _closed(current)
            yield Damage(lines.number, NO_HEAD)
            continue
        severity, rest = found["severity"], found["rest"]
        if severity in _ATTACHED:
            if current.entry is not None:
                current.attach(severity, "" if spoiled else rest)
            continue
        yield from _closed(current)
        current.begin(_entry(found, lines.number, severity, rest))
        current.spoiled = spoiled
    yield from _closed(current)


def _closed(current: _Open) -> Iterator[Entry | Damage]:
    ended = current.close()
    if ended is not None:
        yield ended


def _entry(found: re.Match[str], place: int, severity: str, rest: str) -> Entry:
    groups = found.groupdict()
    return Entry(
        place=place,
        severity=severity,
        message=rest,
        session=groups.get("session") or groups.get("pid") or "",
        database=groups.get("database") or "",
        application=groups.get("application") or "",
        stamp=groups.get("stamp") or groups.get("epoch") or "",
    )
