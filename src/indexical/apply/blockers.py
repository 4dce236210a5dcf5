"""Who stands in a build's way, named so that a person can find them: pid, role, age, and what they did without its values.

PostgreSQL's ``pg_blocking_pids`` shows a prepared transaction as pid 0, so that is looked up by the lock that the build lacks
(https://www.postgresql.org/docs/18/view-pg-locks.html).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from indexical.pg.queries import load
from indexical.pg.session import Session

ANY_MODE = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
    "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
"""Table locks from the weakest to the strongest: a concurrent drop waits for them all."""

AGAINST_BUILD = ANY_MODE[3:]
"""Locks that a concurrent build's own lock on the table conflicts with."""

AGAINST_PLAIN = (ANY_MODE[2], ANY_MODE[3], *ANY_MODE[5:])
"""Locks that a plain build's lock conflicts with."""

_QUERY_CHARACTERS = 80
_PARTS = re.compile(
    r"--[^\n]*|(?P<comment>/\*)"
    r"|(?P<value>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)"
    r"|(?P<plain>'(?:[^']|'')*(?:'|\Z))"
    r"|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)"
    r"|(?<![\w$])[+-]?(?:\d[\w.]*|\.\d\w*))"
    r'|(?P<name>"(?:[^"]|"")*(?:"|\Z))',
    re.DOTALL,
)
_COMMENT_ENDS = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Blocker:
    who: str
    """``pid 4711 (role app, 'web')`` or ``prepared transaction 'gid' (role app)``."""
    seconds: float
    """Age of its transaction."""
    state: str = ""
    query: str = ""
    """Its last statement, without comments and values."""

    @property
    def text(self) -> str:
        parts = [f"{self.who}, {self.state or 'open'} for {self.seconds:.0f} s"]
        if self.query:
            parts.append(f"last: {self.query}")
        return ", ".join(parts)


def blockers(session: Session, pid: int) -> tuple[Blocker, ...]:
    """Whom the backend waits for at this moment. Raises :class:`DatabaseError`."""
    return tuple(_blocker(row) for row in session.rows(load("apply_blockers"), {"pid": pid}))


def lockers(session: Session, table_oid: int, modes: Sequence[str]) -> tuple[Blocker, ...]:
    """Who else holds one of these locks on the table. Raises :class:`DatabaseError`."""
    rows = session.rows(load("apply_lockers"), {"table": table_oid, "modes": list(modes)})
    return tuple(_blocker(row) for row in rows)


def redacted(query: str) -> str:
    """A statement on one line, without comments and values, cut to what helps to find it."""
    shown: list[str] = []
    at = 0
    while (match := _PARTS.search(query, at)) is not None:
        shown.append(query[at : match.start()])
        at = match.end()
        if match["comment"]:
            at = _after_comment(query, at)
            shown.append(" ")
        elif match["plain"] and "\\" in match["plain"]:
            # Where it ends depends on a setting of that session: from here on anything may be a value.
            shown.append("?...")
            at = len(query)
        else:
            shown.append(match["name"] or ("?" if match["value"] else " "))
    shown.append(query[at:])
    text = " ".join(printable("".join(shown)).split())
    return text if len(text) <= _QUERY_CHARACTERS else text[: _QUERY_CHARACTERS - 3] + "..."


def _after_comment(query: str, at: int) -> int:
    """Behind a comment that has just been opened; comments nest."""
    depth = 1
    while depth:
        match = _COMMENT_ENDS.search(query, at)
        if match is None:
            return len(query)
        depth += 1 if match[0] == "/*" else -1
        at = match.end()
    return at


def printable(text: str) -> str:
    """Without characters that move a terminal's cursor or hide others."""
    return "".join(character if character.isprintable() else " " for character in text)


def told(found: Sequence[Blocker]) -> str:
    """All of them in one phrase; empty for none."""
    return "; ".join(blocker.text for blocker in found)


def _blocker(row: dict[str, Any]) -> Blocker:
    role = printable(row["role"]) or "unknown"
    if row["gid"]:
        return Blocker(f"prepared transaction '{printable(row['gid'])}' (role {role})", row["seconds"])
    application = f", '{printable(row['application'])}'" if row["application"] else ""
    hidden = row["query"].startswith("<")
    return Blocker(
        f"pid {row['pid']} (role {role}{application})",
        row["seconds"],
        row["state"],
        "" if hidden else redacted(row["query"]),
    )
