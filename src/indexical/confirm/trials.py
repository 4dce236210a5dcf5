"""Statements planned and executed with and without indexes, in turns.

A side is a set of indexes that is not there: they are dropped in a transaction that is rolled back, which PostgreSQL does without
touching a file. Every turn of a quick statement begins with an execution that does not count, and who begins alternates, so that
what slows the machine down for a while slows both sides.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.measure.reads import choose
from indexical.measure.spread import median, weighted_mean
from indexical.model import Index, Parameters, Statement
from indexical.pg.explain import ExplainResult, execute_timed, explain, prepared
from indexical.pg.session import Session

MIN_ROUNDS = 3
_SLOW_MS = 200.0
"""What takes longer is not warmed up before each turn: what a turn finds cold in the session's caches is little beside it."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is executed."""

    rounds: int = 5
    """Measured executions of each sample on each side."""
    samples: int = 4
    statements: int = 40
    """Of the statements that matter, the dearest."""
    budget_ms: float = 3000.0
    """For one statement on one side; never fewer than three executions of one sample."""
    timeout_ms: int = 60_000
    """For one execution."""
    writes: bool = False
    """Whether statements that write are executed too, in a transaction that is rolled back."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one statement did on one side."""

    cost: float
    milliseconds: float
    indexes: tuple[str, ...]
    rounds: int
    cut: bool = False
    """Whether it ran into the statement timeout, which its milliseconds then are: it takes at least that long."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A statement on two sides, or why it was not executed."""

    before: Side | None = None
    after: Side | None = None
    reason: str = ""

    @property
    def cut(self) -> str:
        """``before`` or ``after`` when that side ran into the statement timeout."""
        if self.before is not None and self.before.cut:
            return "before"
        return "after" if self.after is not None and self.after.cut else ""


@dataclass(frozen=True, slots=True)
class _Planned:
    """The statement's plans on one side; equal when the planner would do the same."""

    cost: float
    indexes: tuple[str, ...]
    plans: tuple[Mapping[str, Any], ...]


class _Trouble(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Cut(_Trouble):
    """The statement timeout ended an execution."""

    def __init__(self) -> None:
        super().__init__("it ran into the statement timeout")


def unfit(statement: Statement, writes: bool) -> str:
    """Why a statement is not executed; empty when it is."""
    if statement.kind not in ("select", "insert", "update", "delete"):
        return "it is no SELECT, INSERT, UPDATE or DELETE"
    if statement.kind != "select" and not writes:
        return "it writes; say --confirm-writes to execute it in a transaction that is rolled back"
    if not statement.samples and (statement.types or "$1" in statement.sql):
        return "no values for its parameters were captured"
    if statement.samples and not any(None not in sample for sample in statement.samples):
        return "values of its parameters were left out of the capture, and NULL would match nothing"
    return ""


def compare(
    session: Session,
    statement: Statement,
    sides: tuple[Sequence[str], Sequence[str]],
    effort: Effort,
    indexes: Mapping[str, Index],
) -> Trial:
    """The statement with either list of indexes (qualified names, quoted for SQL) gone.

    A side that runs into the statement timeout counts with that much time, as long as the other one does not. A SELECT
    that has the same plans on both sides is executed on one. Raises :class:`ConnectionFailed`.
    """
    reason = unfit(statement, effort.writes)
    if reason:
        return Trial(reason=reason)
    chosen = choose(statement, effort.samples)
    parameters, weights = [each.parameters for each in chosen], [each.weight for each in chosen]
    try:
        plans = [_planned(session, statement, gone, parameters, weights, indexes) for gone in sides]
        # The upkeep of indexes is in no plan, so what writes may differ although its plans do not.
        tried = (0,) if statement.kind == "select" and plans[0] == plans[1] else (0, 1)
        first = {side: _first(session, statement, sides[side], parameters[:1]) for side in tried}
        ended = {side: each for side, each in first.items() if each is not None}
        if not ended:
            raise _Cut
        slowest = max(ended.values())
        parameters = parameters[: _affordable(slowest, effort)]
        rounds = _rounds(slowest * len(parameters), effort)
        times: dict[int, list[list[float]]] = {side: [] for side in ended}
        for number in range(rounds):
            for side in ended if number % 2 == 0 else reversed(ended):
                times[side].append(
                    _turn(session, statement, sides[side], parameters, warm=slowest < _SLOW_MS)
                )
    except _Trouble as trouble:
        return Trial(reason=trouble.reason)
    found = [
        Side(plans[side].cost, _typical(times[side], weights[: len(parameters)]), plans[side].indexes, rounds)
        if side in ended
        else Side(plans[side].cost, float(effort.timeout_ms), plans[side].indexes, 1, cut=True)
        for side in tried
    ]
    return Trial(found[0], found[-1])


def used(
    session: Session,
    statement: Statement,
    gone: Sequence[str],
    effort: Effort,
    indexes: Mapping[str, Index],
) -> tuple[str, ...]:
    """Names of the indexes in the statement's plans with these gone; none when it cannot be planned.

    Raises :class:`ConnectionFailed`.
    """
    chosen = choose(statement, effort.samples)
    try:
        return _planned(
            session,
            statement,
            gone,
            [each.parameters for each in chosen],
            [each.weight for each in chosen],
            indexes,
        ).indexes
    except _Trouble:
        return ()


@contextmanager
def without(session: Session, gone: Sequence[str]) -> Iterator[None]:
    """A transaction in which the indexes do not exist; it is rolled back."""
    with session.transaction(roll_back=True):
        if gone:
            session.execute(f"DROP INDEX {', '.join(gone)}")
        yield


def _affordable(slowest_ms: float, effort: Effort) -> int:
    each = 2 * MIN_ROUNDS * max(slowest_ms, 0.001)
    return max(1, min(effort.samples, int(effort.budget_ms / each)))


def _rounds(round_ms: float, effort: Effort) -> int:
    return max(MIN_ROUNDS, min(effort.rounds, int(effort.budget_ms / max(2 * round_ms, 0.001))))


def _typical(times: Sequence[Sequence[float]], weights: Sequence[float]) -> float:
    return weighted_mean([median(runs) for runs in zip(*times, strict=True)], weights)


def _planned(
    session: Session,
    statement: Statement,
    gone: Sequence[str],
    parameters: Sequence[Parameters],
    weights: Sequence[float],
    indexes: Mapping[str, Index],
) -> _Planned:
    found: list[ExplainResult] = []
    with _troubles(), without(session, gone):
        found.extend(explain(session, statement, values) for values in parameters)
    names = {name for each in found for name in each.plan(indexes).index_names}
    return _Planned(
        weighted_mean([each.cost for each in found], weights),
        tuple(sorted(names)),
        tuple(each.document["Plan"] for each in found),
    )


def _first(
    session: Session, statement: Statement, gone: Sequence[str], parameters: Sequence[Parameters]
) -> float | None:
    """Milliseconds of an execution that is not measured yet; None when it ran into the timeout."""
    try:
        return _turn(session, statement, gone, parameters, warm=False)[0]
    except _Cut:
        return None


def _turn(
    session: Session,
    statement: Statement,
    gone: Sequence[str],
    parameters: Sequence[Parameters],
    *,
    warm: bool = True,
) -> list[float]:
    """Milliseconds for each sample, in one transaction."""
    times = []
    with _troubles(), without(session, gone):
        for values in parameters:
            if warm:
                _execute(session, statement, values)
            times.append(_execute(session, statement, values))
    return times


def _execute(session: Session, statement: Statement, values: Parameters) -> float:
    if statement.kind == "select":
        return execute_timed(session, statement, values)[0]
    # It has a plan, so it is a statement that can be undone; COPY or CALL have none.
    explain(session, statement, values)
    name, _ = prepared(session, statement)
    session.script(["SAVEPOINT indexical_trial", "SET LOCAL plan_cache_mode = force_custom_plan"])
    try:
        begun = time.perf_counter()
        session.run_prepared(name.encode(), values)
        return (time.perf_counter() - begun) * 1000
    finally:
        if not session.closed:
            session.script(["ROLLBACK TO SAVEPOINT indexical_trial", "RELEASE SAVEPOINT indexical_trial"])


@contextmanager
def _troubles() -> Iterator[None]:
    try:
        yield
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        raise (_Cut() if error.code == "57014" else _Trouble(_why(error))) from None


def _why(error: DatabaseError) -> str:
    if error.code == "25006":
        return "it writes, although it is a SELECT"
    return f"the database refused it: {error}"
