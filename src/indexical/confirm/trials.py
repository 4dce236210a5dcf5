"""Statements planned and executed with and without indexes, in turns.

A side is a set of indexes that is not there: they are dropped in a transaction that is rolled back, which PostgreSQL does without
touching a file. Every turn begins with an execution that does not count, and who begins alternates, so that what slows
the machine down for a while slows both sides.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.measure.reads import choose
from indexical.measure.spread import median, weighted_mean
from indexical.model import Index, Parameters, Statement
from indexical.pg.explain import execute_timed, explain, prepared
from indexical.pg.session import Session

MIN_ROUNDS = 3


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


@dataclass(frozen=True, slots=True)
class Trial:
    """A statement on two sides, or why it was not executed."""

    before: Side | None = None
    after: Side | None = None
    reason: str = ""


class _Trouble(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
    """The statement with either list of indexes (qualified names, quoted for SQL) gone. Raises :class:`ConnectionFailed`."""
    reason = unfit(statement, effort.writes)
    if reason:
        return Trial(reason=reason)
    chosen = choose(statement, effort.samples)
    parameters, weights = [each.parameters for each in chosen], [each.weight for each in chosen]
    try:
        plans = [_planned(session, statement, gone, parameters, weights, indexes) for gone in sides]
        first = [_turn(session, statement, gone, parameters[:1], warm=False)[0] for gone in sides]
        parameters = parameters[: _affordable(max(first), effort)]
        rounds = _rounds(max(first) * len(parameters), effort)
        times: tuple[list[list[float]], list[list[float]]] = ([], [])
        for number in range(rounds):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                times[side].append(_turn(session, statement, sides[side], parameters))
    except _Trouble as trouble:
        return Trial(reason=trouble.reason)
    before, after = (
        Side(cost, _typical(times[side], weights[: len(parameters)]), used, rounds)
        for side, (cost, used) in enumerate(plans)
    )
    return Trial(before, after)


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
) -> tuple[float, tuple[str, ...]]:
    costs: list[float] = []
    used: set[str] = set()
    with _troubles(), without(session, gone):
        for values in parameters:
            result = explain(session, statement, values)
            costs.append(result.cost)
            used.update(result.plan(indexes).index_names)
    return weighted_mean(costs, weights), tuple(sorted(used))


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
        raise _Trouble(_why(error)) from None


def _why(error: DatabaseError) -> str:
    if error.code == "57014":
        return "it ran into the statement timeout"
    if error.code == "25006":
        return "it writes, although it is a SELECT"
    return f"the database refused it: {error}"
