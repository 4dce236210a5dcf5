"""A planner whose plans are written down as (indexes needed, cost), and small worlds made of it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from indexical.errors import PlanRefused
from indexical.model import (
    Candidate,
    Candidates,
    Configuration,
    Index,
    Limits,
    Parameters,
    Plan,
    PlanNode,
    Statement,
    Workload,
)
from indexical.testing import FakeCosts, catalog, index, statement, table

COLUMNS = "abcdefgh"


class OptionPlanner:
    """Chooses the cheapest written-down plan whose indexes are all there; existing ones are there until removed."""

    kind = "fake"
    server_version = "18.0"

    def __init__(
        self,
        options: Mapping[str, Mapping[frozenset[Index], float]],
        *,
        sizes: Mapping[Index, int] | None = None,
        existing: Mapping[Index, str] | None = None,
        refuse: frozenset[str] = frozenset(),
    ) -> None:
        self.options = options
        self.sizes = sizes or {}
        self.existing = existing or {}
        self.refuse = refuse
        self.calls = 0
        self.asked: list[tuple[str, Parameters, Configuration]] = []

    def plan(self, statement: Statement, parameters: Parameters, configuration: Configuration) -> Plan:
        self.calls += 1
        self.asked.append((statement.id, parameters, configuration))
        if statement.id in self.refuse:
            raise PlanRefused(f"statement {statement.id} cannot be planned: column does not exist")
        there = configuration.added | (frozenset(self.existing) - configuration.removed)
        open_ = [(c, sorted(n)) for n, c in self.options[statement.id].items() if n <= there]
        cost, needed = min(open_)
        nodes = (PlanNode("Seq Scan", relation="public.t", cost=cost),)
        names = tuple(sorted(self.existing[i] for i in needed if i in self.existing))
        return Plan(cost, nodes=nodes, indexes=frozenset(needed), index_names=names)

    def size(self, index: Index) -> int:
        return self.sizes.get(index, 8192)


class OptionCosts(FakeCosts):
    """Any index of the planner's may matter to any statement."""

    planner: OptionPlanner

    def reads(self, statement: Statement) -> frozenset[tuple[str, str]]:
        known = {index for plans in self.planner.options.values() for needed in plans for index in needed}
        return frozenset((index.schema, index.table) for index in {*known, *self.planner.existing})


def indexes(count: int, name: str = "t") -> tuple[Index, ...]:
    """Single-column indexes, none covering another."""
    return tuple(index(f"public.{name}", letter) for letter in COLUMNS[:count])


def world(
    options: Mapping[str, Mapping[frozenset[Index], float]],
    *,
    calls: Mapping[str, float] | None = None,
    sizes: Mapping[Index, int] | None = None,
    maintenance: Mapping[Index, float] | None = None,
    hot: Mapping[Index, tuple[tuple[str, float, float, tuple[str, ...]], ...]] | None = None,
    existing: tuple[object, ...] = (),
    extra: tuple[Index, ...] = (),
    foreign_keys: Mapping[str, str] | None = None,
):
    """(workload, catalog, candidates, costs) for one table ``t``; what no option mentions is a candidate only in ``extra``."""
    made = table(
        "public.t", ", ".join(f"{c} int" for c in COLUMNS), indexes=existing, foreign_keys=foreign_keys
    )  # fmt: skip
    here = {entry.index: entry.name for entry in made.indexes}
    planner = OptionPlanner(options, sizes=sizes, existing=here)
    statements = tuple(
        statement(f"select * from t /* {id} */", id=id, calls=(calls or {}).get(id, 1.0))
        for id in sorted(options)
    )
    relevant = {
        id: tuple(sorted({i for needed in plans for i in needed if i not in here} | set(extra)))
        for id, plans in options.items()
    }
    found = sorted({i for each in relevant.values() for i in each})
    candidates = Candidates(
        tuple(Candidate(i, "test", tuple(id for id in sorted(relevant) if i in relevant[id])) for i in found),
        tuple(sorted(relevant.items())),
    )
    costs = OptionCosts(planner, maintenance=maintenance, hot=hot)
    return Workload(statements), catalog(made), candidates, costs


def open_limits(**values) -> Limits:
    """No least benefit, no noise filter, no deadline: the pure problem."""
    return Limits(
        **{
            "min_benefit": 0.0,
            "min_hot_benefit": 0.0,
            "min_statement_gain": 0.0,
            "min_table_pages": 0,
            "deadline": None,
            **values,
        }
    )


def brute_force(problem) -> tuple[float, frozenset[Index]]:
    """The least total of all allowed subsets, and one that has it."""
    listed = sorted(problem.candidates)
    best = (problem.total(frozenset()), frozenset())
    for count in range(1, len(listed) + 1):
        for chosen in itertools.combinations(listed, count):
            subset = frozenset(chosen)
            if problem.fits(subset) and problem.total(subset) < best[0]:
                best = (problem.total(subset), subset)
    return best
