"""What a window of time did to a database's statements and writes: two looks at its counters, and the difference.

Times of statements are those of pg_stat_statements (https://www.postgresql.org/docs/18/pgstatstatements.html); where it cannot be
had, the reason is part of what was observed, and nothing stands in for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.pg.queries import load
from indexical.pg.session import Session

_TABLES = "usage_tables"
_EXTENSION = "pg_stat_statements"


@dataclass(frozen=True, slots=True)
class Times:
    """One statement over a window."""

    id: str
    """The server's queryid."""
    text: str
    """As the server normalised it; for planning, never for showing."""
    calls: float
    mean_ms: float
    deviation_ms: float


@dataclass(frozen=True, slots=True)
class Written:
    """One table over a window."""

    table: str
    """``schema.table``"""
    inserts: int
    updates: int
    deletes: int
    hot_updates: int

    @property
    def hot_share(self) -> float:
        return self.hot_updates / self.updates if self.updates else 1.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What ran and was written in a window."""

    seconds: float
    statements: tuple[Times, ...]
    written: tuple[Written, ...]
    scans: tuple[tuple[int, int], ...] = ()
    """(oid of an index, its scans in the window)."""
    missing: str = ""
    """Why the statements' times are not known; empty when they are."""
    standbys: int = 0
    target: tuple[str, ...] = ()
    """System identifier, database oid and major version: queryids mean something only there."""


@dataclass(frozen=True, slots=True)
class Counters:
    """One look."""

    taken: float
    """Seconds, by the server's clock."""
    identity: tuple[str, ...]
    """Moves when the counters do not go on: another server, a reset, a crash."""
    statements: Mapping[str, tuple[str, float, float, float]]
    """By queryid: text, calls, total milliseconds, and the sum of their squares."""
    tables: Mapping[str, tuple[int, int, int, int]]
    indexes: Mapping[int, int]
    missing: str
    epoch: tuple[str, ...]
    """Of pg_stat_statements: when it was reset, and how often it forgot something."""
    standbys: int
    target: tuple[str, ...]


def observe(session: Session) -> Counters:
    """Reads the counters. Raises :class:`indexical.errors.DatabaseError`."""
    with session.closed_path():
        return _observed(session)


def _observed(session: Session) -> Counters:
    with session.transaction(roll_back=True):
        session.set("TimeZone", "UTC", local=True)
        (node,) = session.rows(load("usage_node"))
        (clock,) = session.rows("SELECT extract(epoch FROM pg_catalog.clock_timestamp())::float8 AS now")
        tables = {
            f"{row['schema']}.{row['name']}": (
                row["inserts"],
                row["updates"],
                row["deletes"],
                row["hot_updates"],
            )
            for row in session.rows(load(_TABLES))
        }
        indexes = {row["oid"]: row["scans"] for row in session.rows(load("usage_indexes"))}
    rows, missing = _statements(session)
    return Counters(
        taken=clock["now"],
        identity=tuple(
            str(node[name])
            for name in ("system", "database_oid", "timeline", "standby", "reset_database", "reset_bgwriter")
        ),
        statements={row["id"]: (row["query"], row["calls"], row["total_ms"], row["squares"]) for row in rows},
        tables=tables,
        indexes=indexes,
        missing=missing,
        epoch=(str(rows[0]["reset"]), str(rows[0]["forgotten"])) if rows else (),
        standbys=node["standbys"],
        target=(node["system"], str(node["database_oid"]), str(session.server_version // 10000)),
    )


def _statements(session: Session) -> tuple[list[dict[str, Any]], str]:
    """The statements' counters, or why they cannot be had."""
    (facts,) = session.rows(load("pgss_facts"))
    missing = _why_not(facts)
    if missing:
        return [], missing
    try:
        with session.transaction(roll_back=True):
            session.set("search_path", f"pg_catalog, {facts['quoted_schema']}", local=True)
            rows = session.rows(load("watch_statements"))
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        if error.code == "55000":
            return [], f"{_EXTENSION} is installed, but its library is not in shared_preload_libraries"
        return [], f"{_EXTENSION} could not be read (SQLSTATE {error.code})"
    return rows, ""


def _why_not(facts: Mapping[str, Any]) -> str:
    if not facts["version"]:
        return f"{_EXTENSION} is not in this database; run: CREATE EXTENSION {_EXTENSION}"
    if not facts["usable"]:
        return f"our role may not use the schema that {_EXTENSION} is in"
    if "total_exec_time" not in facts["columns"] or not facts["has_info"]:
        return f"{_EXTENSION} is of an old version; run: ALTER EXTENSION {_EXTENSION} UPDATE"
    if not facts["reads_all"]:
        return f"our role sees only its own statements in {_EXTENSION}; grant it pg_read_all_stats"
    if facts["compute_query_id"] == "off":
        return f"compute_query_id is off, so {_EXTENSION} counts nothing"
    if facts["track"] == "none":
        return f"{_EXTENSION}.track is none, so it counts nothing"
    return ""


def between(first: Counters, last: Counters) -> Watched:
    """The window from one look to the next."""
    missing = last.missing or first.missing
    if first.identity != last.identity:
        missing = "the statistics were reset, or another server answers, since the window began"
    elif first.epoch and last.epoch and first.epoch != last.epoch:
        missing = f"{_EXTENSION} was reset, or had to forget statements, since the window began"
    statements: list[Times] = []
    for id, (text, calls, total, squares) in sorted(last.statements.items()) if not missing else ():
        _, calls_before, total_before, squares_before = first.statements.get(id, (text, 0.0, 0.0, 0.0))
        if calls > calls_before:
            statements.append(
                _times(id, text, calls - calls_before, total - total_before, squares - squares_before)
            )
    written = tuple(
        Written(name, *(max(0, now - then) for now, then in zip(counts, _before(first, name), strict=True)))
        for name, counts in sorted(last.tables.items())
    )
    scans = tuple(
        (oid, max(0, count - first.indexes.get(oid, 0))) for oid, count in sorted(last.indexes.items())
    )
    return Watched(
        last.taken - first.taken, tuple(statements), written, scans, missing, last.standbys, last.target
    )


def _before(first: Counters, name: str) -> tuple[int, int, int, int]:
    return first.tables.get(name, (0, 0, 0, 0))


def up_to(last: Counters) -> Watched:
    """Everything that was counted until a look: what came before it, when no window was watched."""
    statements = tuple(
        _times(id, text, calls, total, squares)
        for id, (text, calls, total, squares) in sorted(last.statements.items())
        if calls > 0
    )
    written = tuple(Written(name, *counts) for name, counts in sorted(last.tables.items()))
    return Watched(0.0, statements, written, (), last.missing, last.standbys, last.target)


def _times(id: str, text: str, calls: float, total: float, squares: float) -> Times:
    mean = total / calls
    return Times(id, text, calls, mean, math.sqrt(max(0.0, squares / calls - mean * mean)))
