"""What a row costs to write, on several databases side by side: each write is run in a transaction that is rolled back.

The rows that are rolled back stay behind as dead tuples, the same number on every database. Checks that a transaction
defers to its commit are not part of the figure. A checkpoint slows the pages that are written after it down, so the middle
of several repeats counts, and who begins rotates.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.measure.spread import median
from indexical.model import NotMeasured, WriteMeasurement
from indexical.pg.session import Session

NOTE = "Each run is rolled back; the dead rows it leaves are as many on every database."


@dataclass(frozen=True, slots=True)
class WritePath:
    """A way in which the application writes."""

    id: str
    sql: str
    """One statement that writes ``%(rows)s`` rows; a literal ``%`` is doubled."""
    rows: int
    about: str = ""


class _Trouble(Exception):
    def __init__(self, database: str, error: DatabaseError) -> None:
        super().__init__(database)
        self.database = database
        self.error = error


def measure_writes(
    databases: Mapping[str, Session], paths: Sequence[WritePath], *, repeats: int = 5
) -> Mapping[str, tuple[WriteMeasurement | NotMeasured, ...]]:
    """Microseconds for each row of each path: the median of ``repeats`` runs after one that does not count.

    The sessions must be open for writing. A path that a database refuses is :class:`NotMeasured` there. Raises
    :class:`ConnectionFailed`.
    """
    results: dict[str, list[WriteMeasurement | NotMeasured]] = {name: [] for name in databases}
    for path in paths:
        for name, found in _path(databases, path, max(1, repeats)).items():
            results[name].append(found)
    return {name: tuple(found) for name, found in results.items()}


def _path(
    databases: Mapping[str, Session], path: WritePath, repeats: int
) -> dict[str, WriteMeasurement | NotMeasured]:
    results: dict[str, WriteMeasurement | NotMeasured] = {}
    left = dict(databases)
    while left:
        try:
            times = _times(left, path, repeats)
        except _Trouble as trouble:
            results[trouble.database] = NotMeasured(
                path.id, path.about, f"the database refused it: {trouble.error}"
            )
            del left[trouble.database]
            continue
        per_row = {name: median(found) * 1e6 / path.rows for name, found in times.items()}
        return results | {name: WriteMeasurement(path.id, path.rows, us) for name, us in per_row.items()}
    return results


def _times(databases: Mapping[str, Session], path: WritePath, repeats: int) -> dict[str, list[float]]:
    names = list(databases)
    times: dict[str, list[float]] = {name: [] for name in names}
    for repeat in range(repeats + 1):
        first = repeat % len(names)
        for name in names[first:] + names[:first]:
            seconds = _once(name, databases[name], path)
            if repeat:
                times[name].append(seconds)
    return times


def _once(name: str, session: Session, path: WritePath) -> float:
    parameters = {"rows": path.rows} if "%(rows)s" in path.sql else ()
    try:
        with session.transaction(roll_back=True):
            begun = time.perf_counter()
            session.execute(path.sql, parameters)
            return time.perf_counter() - begun
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        raise _Trouble(name, error) from None
