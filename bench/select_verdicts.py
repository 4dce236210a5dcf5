"""What the choice of the index set has to show, claim by claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from select_judge import Judge, Judgement
from select_ours import NO_FLOORS, Choice

from indexical.model import Catalog, Index
from indexical.model.covers import covers

TO_BEAT = {90: 0.7449, 150: 0.6304, 205: 0.6006, 320: 0.5782, 370: 0.5738, 765: 0.5457, 1270: 0.5292}
"""tpch19: by true megabytes, the best known of width 2, found by an exact search over built indexes on PostgreSQL 15."""
NEAR = 1.015
OVER_BUDGET = 1.05
SIZE_ERROR = 0.10
SMALLEST = 20 * 8192
"""Bytes: below that a page more or less is no error worth the name."""
SECONDS = 15.0
SECONDS_OTHERWISE = 60.0
CALLS = 5000
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One set of one advisor for one budget, with what became of it."""

    choice: Choice
    judgement: Judgement
    rel: float
    geometric: float
    size_errors: Mapping[Index, float]
    """Estimated over true bytes, less 1."""
    cost_errors: Mapping[str, float]
    """Believed over true cost of each statement, less 1."""

    @property
    def ours(self) -> bool:
        return self.choice.by.startswith("ours")

    @property
    def over_budget(self) -> float:
        """True bytes over the budget; 0 without one."""
        return self.judgement.bytes / self.choice.budget if self.choice.budget else 0.0

    @property
    def worst_size(self) -> float:
        return max((abs(error) for error in self.size_errors.values()), default=0.0)

    @property
    def size_error(self) -> float:
        """Of the whole set."""
        return self.choice.size / self.judgement.bytes - 1 if self.judgement.bytes else 0.0


def row(choice: Choice, judge: Judge, ids: Sequence[str]) -> Row:
    judgement = judge.judge(choice.sizes)
    true = {index: judge.bytes(index) for index in choice.sizes}
    errors = {
        index: size / true[index] - 1
        for index, size in choice.sizes.items()
        if true[index] and max(size, true[index]) > SMALLEST
    }
    return Row(
        choice,
        judgement,
        judgement.rel(judge.base, ids),
        judgement.geometric(judge.base, ids),
        errors,
        {id: choice.costs[id] / judgement.costs[id] - 1 for id in ids if id in choice.costs},
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """All rows of one budget."""

    bytes: int | None
    rows: tuple[Row, ...]
    best_known: float

    @property
    def megabytes(self) -> int | None:
        return None if self.bytes is None else round(self.bytes / MEGABYTE)

    @property
    def ours(self) -> tuple[Row, ...]:
        return tuple(each for each in self.rows if each.ours)

    @property
    def references(self) -> tuple[Row, ...]:
        return tuple(each for each in self.rows if not each.ours)

    @property
    def bound(self) -> float:
        """No set of our candidates costs less; 0 for none. Without floors it is about the costs and nothing else."""
        plain = [each.choice.bound for each in self.ours if each.choice.by == NO_FLOORS]
        return max(plain or [each.choice.bound for each in self.ours], default=0.0)


def verdicts(
    workload: str, scale: float, budgets: Iterable[Budget], catalog: Catalog, judge: Judge
) -> dict[str, dict[str, bool]]:
    """For each kind of our advice: every claim, and whether it held at every budget."""
    rows: dict[str, list[tuple[Budget, Row]]] = {}
    for budget in budgets:
        for each in budget.ours:
            rows.setdefault(each.choice.by, []).append((budget, each))
    limit = SECONDS if workload == "tpch19" else SECONDS_OTHERWISE
    return {
        by: {
            **_against_table(found, workload, scale),
            **_against_references(found),
            "near_bound": all(each.rel <= NEAR * budget.bound for budget, each in found),
            "near_best_known": all(each.rel <= NEAR * budget.best_known for budget, each in found),
            # The planner is not perfectly monotone, so a bound may be off by a little.
            "bound_holds": all(each.choice.bound <= 1.005 * each.choice.estimate for _, each in found),
            "in_time": all(each.choice.seconds <= limit for _, each in found),
            "in_calls": all(each.choice.calls <= CALLS for _, each in found),
            "budget_kept": all(each.over_budget <= OVER_BUDGET for _, each in found),
            "set_sizes": all(abs(each.size_error) <= SIZE_ERROR for _, each in found),
            "index_sizes": all(each.worst_size <= SIZE_ERROR for _, each in found),
            "nothing_repeated": not any(repeated(each.choice.sizes, catalog) for _, each in found),
            "everything_built": not any(
                index in judge.failed for _, each in found for index in each.choice.sizes
            ),
        }
        for by, found in rows.items()
    }


def _against_table(found: Sequence[tuple[Budget, Row]], workload: str, scale: float) -> dict[str, bool]:
    if workload != "tpch19" or scale != 1.0:
        return {}
    told = [(TO_BEAT[b.megabytes], each) for b, each in found if b.megabytes in TO_BEAT]
    return {"better_than_table": all(each.rel < best for best, each in told)} if told else {}


def _against_references(found: Sequence[tuple[Budget, Row]]) -> dict[str, bool]:
    names = sorted({each.choice.by for budget, _ in found for each in budget.references})
    return {
        f"no_worse_than_{name}": all(
            mine.rel <= other.rel
            for budget, mine in found
            for other in budget.references
            # A set that takes much more than it was allowed is no measure.
            if other.choice.by == name and other.over_budget <= OVER_BUDGET
        )
        for name in names
    }


def repeated(indexes: Iterable[Index], catalog: Catalog) -> tuple[Index, ...]:
    """Those that an existing index already is, or begins with."""
    existing = [each.index for each in catalog.indexes()]

    def begins(index: Index, other: Index) -> bool:
        plain = not index.include and not index.predicate and index.method == other.method
        same = index.qualified_table == other.qualified_table
        return plain and same and other.keys[: len(index.keys)] == index.keys

    return tuple(
        index for index in indexes if any(covers(other, index) or begins(index, other) for other in existing)
    )
