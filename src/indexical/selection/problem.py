"""The choice as a problem in numbers: which subsets of the candidates are allowed, and what each costs in all."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from itertools import combinations

from indexical.model import Candidate, Candidates, Catalog, Configuration, Index, Limits, Statement, Workload
from indexical.model.covers import covers
from indexical.protocols import Costs

Chosen = frozenset[Index]

SEARCH_SHARE = 0.7
"""The share of the deadline that the search may take; the rest is for proving and explaining the result."""


class Clock:
    """Time left. Only a deadline that really cuts can change a result."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._ends = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """Seconds; None for as long as it takes."""
        return None if self._ends is None else max(0.0, self._ends - time.monotonic())

    @property
    def spent(self) -> float:
        """Share of the time that is gone; 0 without a deadline."""
        left = self.left
        return 0.0 if left is None or self._seconds is None else 1.0 - left / max(self._seconds, 1e-9)

    def until(self, share: float) -> float | None:
        """Seconds until this share of the time is gone; None for as long as it takes."""
        left = self.left
        return (
            None if left is None or self._seconds is None else max(0.0, left - (1.0 - share) * self._seconds)
        )

    @property
    def over(self) -> bool:
        left = self.left
        return left is not None and left <= 0


class Problem:
    """Statements, candidates and limits of one choice; asks the cost model and remembers."""

    def __init__(
        self, workload: Workload, catalog: Catalog, candidates: Candidates, costs: Costs, limits: Limits
    ) -> None:
        self.costs = costs
        self.limits = limits
        self.catalog = catalog
        self.clock = Clock(None if limits.deadline is None else limits.deadline * SEARCH_SHARE)
        self.statements = tuple(sorted((s for s in workload.statements if s.calls > 0), key=lambda s: s.id))
        self.covered, self.candidates = _split(candidates, catalog)
        self.relevant = self._relevance(candidates)
        self.asking = self._asking()
        self.today = {s.id: self.cost(s, frozenset()) for s in self.statements}
        self.reads_before = sum(s.calls * self.today[s.id] for s in self.statements)
        self.existing = tuple(sorted({existing.index for existing in catalog.indexes()}))
        self.maintenance_before = sum(costs.maintenance(e.index) for e in catalog.indexes())
        self.threshold = limits.min_benefit * self.reads_before
        self.hot_threshold = max(0.0, limits.min_hot_benefit - limits.min_benefit) * self.reads_before
        self._upkeep: dict[Index, float] = {}
        self._groups: dict[Index, tuple[tuple[str, float], ...]] = {}
        self._writes_now: float | None = None

    def _relevance(self, candidates: Candidates) -> Mapping[str, Chosen]:
        """Per statement the candidates its plan could use: as generated, or else those that it asked for."""
        known = set(self.candidates)
        asked: dict[str, set[Index]] = {}
        for candidate in self.candidates.values():
            for id in candidate.statements:
                asked.setdefault(id, set()).add(candidate.index)
        for id, indexes in candidates.relevant:
            asked.setdefault(id, set()).update(known.intersection(indexes))
        return {id: frozenset(indexes) for id, indexes in asked.items()}

    def _asking(self) -> Mapping[Index, tuple[Statement, ...]]:
        found: dict[Index, list[Statement]] = {}
        for statement in self.statements:
            for index in sorted(self.relevant.get(statement.id, ())):
                found.setdefault(index, []).append(statement)
        return {index: tuple(statements) for index, statements in found.items()}

    def cost(self, statement: Statement, chosen: Chosen) -> float:
        """One call of the statement when exactly these candidates exist beside today's indexes."""
        return self.costs.cost(statement, Configuration(self.part(statement, chosen)))

    def used(self, statement: Statement, chosen: Chosen) -> Chosen:
        """Those of the chosen candidates that the statement's plans use."""
        part = self.part(statement, chosen)
        return self.costs.used(statement, Configuration(part)) & part

    def part(self, statement: Statement, chosen: Chosen) -> Chosen:
        return chosen & self.relevant.get(statement.id, frozenset())

    def reads(self, chosen: Chosen, among: Iterable[Statement] | None = None) -> float:
        """All calls of all statements, or of some."""
        listed = self.statements if among is None else among
        return sum(s.calls * self.cost(s, chosen) for s in listed)

    def reads_saved(self, chosen: Chosen, index: Index) -> float:
        """What the reads of ``chosen`` would cost more without this member of it."""
        asking = self.asking.get(index, ())
        return self.reads(chosen - {index}, asking) - self.reads(chosen, asking)

    def upkeep_of(self, index: Index) -> float:
        if index not in self._upkeep:
            self._upkeep[index] = self.costs.maintenance(index)
        return self._upkeep[index]

    def groups_of(self, index: Index) -> tuple[tuple[str, float], ...]:
        """Groups of heap-only updates that the index ends, with their price."""
        if index not in self._groups:
            self._groups[index] = tuple((id, cost) for id, _, cost, _ in self.costs.hot_groups(index))
        return self._groups[index]

    def hot_price(self, chosen: Iterable[Index]) -> float:
        """Each ended group once, at the price of the index that makes it dearest."""
        prices: dict[str, float] = {}
        for index in sorted(chosen):
            for id, cost in self.groups_of(index):
                prices[id] = max(prices.get(id, 0.0), cost)
        return sum(prices[id] for id in sorted(prices))

    def upkeep(self, chosen: Iterable[Index]) -> float:
        """What the chosen candidates cost the writes in all."""
        listed = sorted(chosen)
        return sum(self.upkeep_of(index) for index in listed) + self.hot_price(listed)

    def total(self, chosen: Chosen) -> float:
        return self.reads(chosen) + self.upkeep(chosen)

    def wanted(self, chosen: Chosen) -> float:
        """The total, with each index, and each ended group of heap-only updates, charged the least benefit it must bring.

        This is what the search makes small.
        """
        ended = {id for index in chosen for id, _ in self.groups_of(index)}
        return self.total(chosen) + self.threshold * len(chosen) + self.hot_threshold * len(ended)

    def size(self, index: Index) -> int:
        return self.costs.size(index)

    @property
    def overhead_allowed(self) -> float | None:
        """Planner units that the chosen indexes may cost the writes; None without a limit, or without known writes."""
        if self.limits.max_write_overhead is None:
            return None
        if self._writes_now is None:
            dml = (s for s in self.statements if s.kind in ("insert", "update", "delete"))
            self._writes_now = self.maintenance_before + sum(s.calls * self.today[s.id] for s in dml)
        return self.limits.max_write_overhead * self._writes_now if self._writes_now > 0 else None

    def repeats(self, one: Index, other: Index) -> bool:
        """Whether one of the two does all the work of the other, so that no set should hold both."""
        return covers(one, other) or covers(other, one)

    def broken_limit(self, chosen: Chosen) -> str:
        """The limit that the set does not keep, for people; empty when it keeps all."""
        limits = self.limits
        for one, other in combinations(sorted(chosen), 2):
            if self.repeats(one, other):
                return f"{one.text} and {other.text} would repeat one another"
        if limits.max_indexes is not None and len(chosen) > limits.max_indexes:
            return f"at most {limits.max_indexes} indexes are allowed"
        if limits.storage_budget is not None:
            needed = sum(self.size(index) for index in sorted(chosen))
            if needed > limits.storage_budget:
                return f"the set would take {needed:,} bytes of the {limits.storage_budget:,} allowed"
        allowed = self.overhead_allowed
        if allowed is not None and self.upkeep(chosen) > allowed:
            return f"the writes would cost {self.upkeep(chosen):,.0f} units more, {allowed:,.0f} are allowed"
        return ""

    def fits(self, chosen: Chosen) -> bool:
        return not self.broken_limit(chosen)


def _split(
    candidates: Candidates, catalog: Catalog
) -> tuple[tuple[tuple[Candidate, str], ...], dict[Index, Candidate]]:
    """Candidates that an existing index already covers, with its name; and the others by structure."""
    covered: list[tuple[Candidate, str]] = []
    open_: dict[Index, Candidate] = {}
    for candidate in sorted(candidates.candidates, key=lambda c: (c.index, c.rule)):
        index = candidate.index
        table = catalog.table(index.schema, index.table)
        existing = sorted(table.indexes) if table is not None else []
        by = next((e.name for e in existing if e.valid and e.ready and covers(e.index, index)), "")
        if by:
            covered.append((candidate, by))
        else:
            open_.setdefault(index, candidate)
    return tuple(covered), open_
