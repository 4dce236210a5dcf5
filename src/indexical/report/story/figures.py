"""What was measured before and after besides single statements: endpoints, load, writes, heap-only updates, storage.

A figure that only one run has is told with "not measured" on the other side; a kind that neither has is told as not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from indexical.model.story import Figure
from indexical.report.measured import Run
from indexical.report.units import change, milliseconds, number, share, size

_Values = Mapping[str, float]
_Reading = tuple[str, Callable[[Run], _Values], Callable[[float], str]]


def figures(before: Run | None, after: Run | None) -> tuple[Figure, ...]:
    """Every figure of either run, kind by kind."""
    return tuple(_of_all(before, after))


def _of_all(before: Run | None, after: Run | None) -> Iterator[Figure]:
    for kind, read, words in _READINGS:
        old = read(before) if before is not None else {}
        new = read(after) if after is not None else {}
        names = dict.fromkeys([*old, *new])
        if not names:
            yield Figure(kind, "all", None, None, "not measured")
        for name in names:
            was, now = old.get(name), new.get(name)
            both = was is not None and now is not None
            yield Figure(
                kind,
                name,
                None if was is None else words(was),
                None if now is None else words(now),
                change(was, now) if both and was is not None and now is not None else "not measured",
            )


def _endpoints(run: Run) -> _Values:
    return {each.id: each.median_ms for each in run.served.endpoints} if run.served else {}


def _steps(run: Run) -> _Values:
    if run.served is None or run.served.load is None:
        return {}
    return {f"{step.users} users at once": step.per_second for step in run.served.load.steps}


def _slowest(run: Run) -> _Values:
    if run.served is None or run.served.load is None:
        return {}
    return {f"{step.users} users at once": step.p95_ms for step in run.served.load.steps}


def _writes(run: Run) -> _Values:
    return {each.id: each.us_per_row for each in run.writes}


def _hot(run: Run) -> _Values:
    return {each.id: each.share for each in run.hot}


def _storage(run: Run) -> _Values:
    if run.storage is None:
        return {}
    return {"indexes": run.storage.index_bytes, "whole database": run.storage.database_bytes}


_READINGS: tuple[_Reading, ...] = (
    ("endpoint, median", _endpoints, milliseconds),
    ("requests a second under load", _steps, number),
    ("p95 under load", _slowest, milliseconds),
    ("write, per row", _writes, lambda value: f"{number(value)} µs"),
    ("heap-only updates", _hot, share),
    ("storage", _storage, size),
)
