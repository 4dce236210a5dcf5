"""Statements of a workload, really executed on several databases side by side.

The databases take turns, execution by execution, and who begins rotates, so that whatever slows the machine down for a
while slows all of them. Only statements that read are run, in read-only transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.measure.spread import median, percentile, weighted_mean
from indexical.measure.totals import common, p95_ms, total_ms
from indexical.model import Index, Measurement, NotMeasured, Parameters, Statement, Workload
from indexical.pg.explain import ExplainResult, execute_timed, explain
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import Session

__all__ = ["common", "measure", "p95_ms", "total_ms"]

OnEvent = Callable[[str, float, str], None]

MIN_RUNS = 3


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is executed: runs of each sample, samples of each statement, and the time that may take."""

    runs: int = 7
    samples: int = 6
    budget_ms: float = 1500.0
    """For one statement on one database."""


@dataclass(frozen=True, slots=True)
class _Sample:
    parameters: Parameters
    weight: float


class _Trouble(Exception):
    """A statement that one of the databases did not run."""

    def __init__(self, database: str, error: DatabaseError) -> None:
        super().__init__(database)
        self.database = database
        self.error = error


def measure(
    databases: Mapping[str, Session],
    workload: Workload,
    *,
    runs: int = 7,
    samples: int = 6,
    on_event: OnEvent | None = None,
    budget_ms_per_statement: float = 1500.0,
) -> Mapping[str, tuple[Measurement | NotMeasured, ...]]:
    """For each database one result for each statement of the workload, in its order.

    Each sample is run once unmeasured and then ``runs`` times; a slow statement is run less often, at least three times,
    and with fewer samples, so that it keeps within the budget (milliseconds, for each database). What writes, has no
    values, or is refused or timed out on a database is :class:`NotMeasured` there, with the reason. Raises
    :class:`ConnectionFailed`.
    """
    effort = Effort(max(MIN_RUNS, runs), max(1, samples), budget_ms_per_statement)
    indexes = {name: _by_name(session) for name, session in databases.items()}
    results: dict[str, list[Measurement | NotMeasured]] = {name: [] for name in databases}
    for number, statement in enumerate(workload.statements):
        if on_event is not None:
            on_event("measure", number / len(workload.statements), statement.id)
        for name, found in _statement(databases, statement, effort, indexes).items():
            results[name].append(found)
    return {name: tuple(found) for name, found in results.items()}


def _by_name(session: Session) -> dict[str, Index]:
    return {existing.name: existing.index for existing in existing_indexes(session)}


def _statement(
    databases: Mapping[str, Session],
    statement: Statement,
    effort: Effort,
    indexes: Mapping[str, Mapping[str, Index]],
) -> dict[str, Measurement | NotMeasured]:
    reason = _unfit(statement)
    results: dict[str, Measurement | NotMeasured] = {}
    left = dict(databases)
    while left and not reason:
        try:
            return results | _measured(left, statement, effort, indexes)
        except _Trouble as trouble:
            # The others are measured all the same; what they have run so far was disturbed, so they begin anew.
            results[trouble.database] = NotMeasured(statement.id, statement.id, _why(trouble.error))
            del left[trouble.database]
    return results | {name: NotMeasured(statement.id, statement.id, reason) for name in left}


def _unfit(statement: Statement) -> str:
    if statement.kind != "select":
        return "it writes, and writing statements are not executed"
    if not statement.samples and (statement.types or "$1" in statement.sql):
        return "no values for its parameters were captured"
    if statement.samples and not any(None not in sample for sample in statement.samples):
        return "values of its parameters were left out of the capture, and NULL would match nothing"
    return ""


def _why(error: DatabaseError) -> str:
    if error.code == "57014":
        return "it ran into the statement timeout"
    if error.code == "25006":
        return "it writes, and writing statements are not executed"
    return f"the database refused it: {error}"


def _measured(
    databases: Mapping[str, Session],
    statement: Statement,
    effort: Effort,
    indexes: Mapping[str, Mapping[str, Index]],
) -> dict[str, Measurement | NotMeasured]:
    chosen = choose(statement, effort.samples)
    first = [_round(databases, statement, sample, 0) for sample in chosen[:1]]
    slowest = max(first[0].values())
    chosen = chosen[: _affordable(effort, slowest)]
    warm = first + [_round(databases, statement, sample, 0) for sample in chosen[1:]]
    runs = _runs(effort, max(sum(each[name] for each in warm) for name in databases))
    times: dict[str, list[list[float]]] = {name: [[] for _ in chosen] for name in databases}
    for run in range(runs):
        for number, sample in enumerate(chosen):
            for name, milliseconds in _round(databases, statement, sample, run).items():
                times[name][number].append(milliseconds)
    weights = [sample.weight for sample in chosen]
    return {
        name: _summary(
            statement, times[name], weights, _explained(name, session, statement, chosen), indexes[name]
        )
        for name, session in databases.items()
    }


def choose(statement: Statement, count: int) -> list[_Sample]:
    """The complete samples to run: the weightiest first, and among equals spread evenly over what was captured."""
    if not statement.samples:
        return [_Sample((), 1.0)]
    known = statement.sample_weights or (1.0,) * len(statement.samples)
    pairs = [
        _Sample(sample, weight)
        for sample, weight in zip(statement.samples, known, strict=True)
        if None not in sample
    ]
    weights = [pair.weight for pair in pairs]
    if len(pairs) <= count:
        return sorted(pairs, key=lambda each: -each.weight)
    if len(set(weights)) == 1:
        step = len(pairs) / count
        return [pairs[int(number * step)] for number in range(count)]
    return sorted(pairs, key=lambda each: -each.weight)[:count]


def _affordable(effort: Effort, slowest_ms: float) -> int:
    """How many samples can have the least number of runs and the warm-up within the budget; at least one."""
    each = (MIN_RUNS + 1) * max(slowest_ms, 0.001)
    return max(1, min(effort.samples, int(effort.budget_ms / each)))


def _runs(effort: Effort, round_ms: float) -> int:
    return max(MIN_RUNS, min(effort.runs, int(effort.budget_ms / max(round_ms, 0.001))))


def _round(
    databases: Mapping[str, Session], statement: Statement, sample: _Sample, turn: int
) -> dict[str, float]:
    """One execution on each database, beginning with another one each turn; milliseconds."""
    names = list(databases)
    names = names[turn % len(names) :] + names[: turn % len(names)]
    times = {}
    for name in names:
        try:
            times[name], _ = execute_timed(databases[name], statement, sample.parameters)
        except ConnectionFailed:
            raise
        except DatabaseError as error:
            raise _Trouble(name, error) from None
    return times


def _explained(
    name: str, session: Session, statement: Statement, chosen: Sequence[_Sample]
) -> list[ExplainResult]:
    try:
        return [explain(session, statement, each.parameters, analyze=True, buffers=True) for each in chosen]
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        raise _Trouble(name, error) from None


def _summary(
    statement: Statement,
    times: Sequence[Sequence[float]],
    weights: Sequence[float],
    plans: Sequence[ExplainResult],
    indexes: Mapping[str, Index],
) -> Measurement:
    every = [milliseconds for runs in times for milliseconds in runs]
    plan = plans[0].plan(indexes)
    used = sorted({name for each in plans for name in each.plan(indexes).index_names})
    return Measurement(
        id=statement.id,
        calls=statement.calls,
        runs=len(times[0]),
        median_ms=weighted_mean([median(runs) for runs in times], weights),
        p95_ms=percentile(every, 0.95),
        mean_ms=weighted_mean([fmean(runs) for runs in times], weights),
        buffers=round(weighted_mean([float(each.shared_hit + each.shared_read) for each in plans], weights)),
        rows=weighted_mean([each.rows for each in plans], weights),
        indexes=tuple(used),
        plan=plan,
        samples=len(times),
    )
