"""Which share of an application's updates stays heap-only, counted by PostgreSQL itself.

An update that changes no indexed column, on a page with room, writes no index at all
(https://www.postgresql.org/docs/18/storage-hot.html). These runs really update rows, so they are only made where the
caller says that the data may be spoilt.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import HotMeasurement, NotMeasured
from indexical.pg.queries import load
from indexical.pg.session import Session

_PATIENCE_S = 5.0
_FORCED_FLUSH = 150000


@dataclass(frozen=True, slots=True)
class HotPath:
    """An update of one row as the application makes it."""

    id: str
    pick: str
    """A query whose first column gives the rows to update."""
    sql: str
    """One UPDATE of the row ``%(id)s`` that changes the column in question; a literal ``%`` is doubled."""
    about: str = ""


def measure_hot(
    databases: Mapping[str, Session],
    paths: Sequence[HotPath],
    *,
    disposable: Collection[str],
    ids: int = 20,
    rounds: int = 5,
) -> Mapping[str, tuple[HotMeasurement | NotMeasured, ...]]:
    """The share of heap-only updates for each path on each database named in ``disposable``.

    ``ids`` rows are updated one by one, each in its own transaction: one round that does not count, which makes room on
    their pages, then ``rounds`` that do. Nothing is undone. On any other database nothing is run, and the result is
    :class:`NotMeasured`. Raises :class:`ConnectionFailed`.
    """
    return {
        name: tuple(_path(name, session, path, disposable, ids, rounds) for path in paths)
        for name, session in databases.items()
    }


def _path(
    name: str, session: Session, path: HotPath, disposable: Collection[str], ids: int, rounds: int
) -> HotMeasurement | NotMeasured:
    if name not in disposable:
        return NotMeasured(
            path.id, path.about, f"the database {name} is not marked as disposable, and this writes to it"
        )
    try:
        return _counted(session, path, ids, rounds)
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        return NotMeasured(path.id, path.about, f"the database refused it: {error}")


def _counted(session: Session, path: HotPath, ids: int, rounds: int) -> HotMeasurement | NotMeasured:
    picked = [next(iter(row.values())) for row in session.rows(path.pick)][:ids]
    if not picked:
        return NotMeasured(path.id, path.about, "its query picks no row to update")
    table = _table(session, path, picked[0])
    if table is None:
        return NotMeasured(path.id, path.about, "its statement is not an UPDATE of one table")
    _round(session, path, picked)
    before = _settled(session, table)
    for _ in range(rounds):
        _round(session, path, picked)
    updates, hot = _after(session, table, before, len(picked) * rounds)
    if updates <= 0:
        return NotMeasured(
            path.id, path.about, "its updates changed no row, or the server does not count them"
        )
    return HotMeasurement(path.id, updates, hot / updates)


def _round(session: Session, path: HotPath, picked: Sequence[object]) -> None:
    for id in picked:
        session.execute(path.sql, {"id": id})


def _table(session: Session, path: HotPath, id: object) -> tuple[str, str] | None:
    """Schema and name of the table that the statement updates, from its plan."""
    rows = session.rows(f"EXPLAIN (VERBOSE, FORMAT JSON) {path.sql}", {"id": id})
    answer = next(iter(rows[0].values()))
    document = json.loads(answer) if isinstance(answer, str) else answer
    top = document[0]["Plan"]
    if top.get("Operation") != "Update":
        return None
    return top["Schema"], top["Relation Name"]


def _read(session: Session, table: tuple[str, str]) -> tuple[int, int]:
    if session.server_version >= _FORCED_FLUSH:
        session.rows(load("measure_flush"))
    session.rows(load("measure_forget"))
    rows = session.rows(load("measure_updates"), {"schema": table[0], "table": table[1]})
    return (rows[0]["updates"], rows[0]["hot"]) if rows else (0, 0)


def _settled(session: Session, table: tuple[str, str]) -> tuple[int, int]:
    """The counters once they stand still, or after some patience: before PostgreSQL 15 they arrive with a delay."""
    counters = _read(session, table)
    if session.server_version >= _FORCED_FLUSH:
        return counters
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        time.sleep(1.0)
        again = _read(session, table)
        if again == counters or time.monotonic() >= deadline:
            return again
        counters = again


def _after(
    session: Session, table: tuple[str, str], before: tuple[int, int], expected: int
) -> tuple[int, int]:
    late = session.server_version < _FORCED_FLUSH
    deadline = time.monotonic() + (_PATIENCE_S if late else 0.0)
    while True:
        updates, hot = _read(session, table)
        if updates - before[0] >= expected or time.monotonic() >= deadline:
            return updates - before[0], hot - before[1]
        time.sleep(0.1)
