"""Really runs the workload under two or more index sets in turns, and compares medians.

The sets share one database: each statement is run under one set after the other, so that what else the machine does hits
all of them alike. A first run of each warms the cache and is not counted.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from select_judge import Judge

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Index, Statement
from indexical.pg.explain import execute_timed
from indexical.pg.session import Session

TIMEOUT = 120.0
"""Seconds for one run; a statement that needs more counts as this long."""
RUNS = 3
_CANCELED = "57014"


@dataclass(frozen=True, slots=True)
class Executed:
    """One set's times."""

    seconds: Mapping[str, float]
    """The median of each statement, by id."""
    cut: tuple[str, ...] = ()
    """Statements that ran into the timeout."""

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


def execute(
    session: Session,
    judge: Judge,
    sets: Mapping[str, Iterable[Index]],
    queries: Sequence[Statement],
    *,
    runs: int = RUNS,
    timeout: float = TIMEOUT,
) -> dict[str, Executed]:
    """Every statement under every set, in turns; medians of ``runs``."""
    session.set("statement_timeout", str(round(timeout * 1000)))
    times: dict[str, dict[str, list[float]]] = {name: {} for name in sets}
    chosen = {name: tuple(indexes) for name, indexes in sets.items()}
    for statement in queries:
        for number in range(runs + 1):
            for name in sets:
                known = times[name].setdefault(statement.id, [])
                if known and known[-1] >= timeout:
                    # Once is enough to know that.
                    continue
                taken = _run(session, judge, chosen[name], statement, timeout)
                if number or taken >= timeout:
                    known.append(taken)
        told = ", ".join(f"{name} {statistics.median(times[name][statement.id]):.2f} s" for name in sets)
        print(f"  {statement.id}: {told}", file=sys.stderr, flush=True)
    return {
        name: Executed(
            {id: statistics.median(found) for id, found in by_id.items()},
            tuple(id for id, found in by_id.items() if found[-1] >= timeout),
        )
        for name, by_id in times.items()
    }


def _run(
    session: Session, judge: Judge, indexes: Sequence[Index], statement: Statement, timeout: float
) -> float:
    with judge.only(indexes):
        # A statement without parameters is planned once and for all, whatever indexes come and go.
        session.script(["DISCARD PLANS"])
        begun = time.perf_counter()
        try:
            milliseconds, _ = execute_timed(session, statement, ())
        except ConnectionFailed:
            raise
        except DatabaseError as error:
            if error.code != _CANCELED:
                raise
            return max(timeout, time.perf_counter() - begun)
        return milliseconds / 1000
