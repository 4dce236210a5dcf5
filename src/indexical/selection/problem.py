"""The choice as a problem in numbers: which subsets of the candidates are allowed, and what each costs in all."""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from indexical.model import Candidate, Candidates, Catalog, Configuration, Index, Limits, Statement, Workload
from indexical.model.columns import columns_of
from indexical.model.covers import covers
from indexical.protocols import Costs
from indexical.selection.alike import Classes, Widths, classes, dominated, words

Chosen = frozenset[Index]

SEARCH_SHARE = 0.7
"""The share of the deadline that the search may take; the rest is for proving and explaining the result."""


GIANT = 20.0
"""A statement counts for no more than this many times the average of the smaller ones when a benefit is called too small."""
CROWD = 10
"""Smaller statements that it takes for an average."""


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

    def of(self, share: float) -> float | None:
        """Seconds that this share of the whole time is; None without a deadline."""
        return None if self._seconds is None else share * self._seconds

    def until_share(self, share: float) -> Clock:
        """A clock that is over when this share of this one's time is gone."""
        return Clock(self.until(share))


class Problem:
    """Statements, candidates and limits of one choice; asks the cost model and remembers."""

    def __init__(
        self,
        workload: Workload,
        catalog: Catalog,
        candidates: Candidates,
        costs: Costs,
        limits: Limits,
        *,
        optional: Chosen = frozenset(),
    ) -> None:
        self.costs = costs
        self.limits = limits
        self.catalog = catalog
        self.clock = Clock(None if limits.deadline is None else limits.deadline * SEARCH_SHARE)
        self.statements = tuple(sorted((s for s in workload.statements if s.calls > 0), key=lambda s: s.id))
        self.covered, self.candidates = _split(candidates, catalog)
        self.optional = optional
        """Existing indexes that may go: a set that leaves one out drops it."""
        self.widths = Widths(catalog)
        self.relevant, self.classes = self._without_dominated(self._relevance(candidates))
        self.asking = self._asking()
        self.rank = {index: number for number, index in enumerate(sorted({*self.candidates, *optional}))}
        self.today = {s.id: self.cost(s, optional) for s in self.statements}
        self.reads_before = sum(s.calls * self.today[s.id] for s in self.statements)
        self.maintenance_before = costs.upkeep(Configuration())
        self.telling = telling = _telling([s.calls * self.today[s.id] for s in self.statements])
        self.threshold = limits.min_benefit * telling
        self.hot_threshold = max(0.0, limits.min_hot_benefit - limits.min_benefit) * telling
        self._upkeep: dict[Index, float] = {}
        self._upkeeps: dict[Chosen, float] = {}
        self._groups: dict[Index, tuple[tuple[str, float], ...]] = {}
        self._writes_now: float | None = None
        self._rivals: dict[Index, Chosen] = {}
        self._beside: dict[tuple[str, str], list[Index]] = {}
        for index in sorted(self.candidates):
            self._beside.setdefault((index.schema, index.table), []).append(index)
        self._endable: frozenset[str] | None = None
        self._reading: dict[tuple[str, str], list[Statement]] | None = None
        self._able: dict[tuple[str, Index], Chosen] = {}

    def _without_dominated(
        self, relevant: Mapping[str, Chosen]
    ) -> tuple[Mapping[str, Chosen], Mapping[str, Classes]]:
        """Per statement what its plan could use, and how it looks to it; what is of no use beside another is taken away."""
        found = {
            s.id: classes(relevant.get(s.id, frozenset()) - self.optional, words(s.sql), self.widths)
            for s in self.statements
        }
        gone = dominated(found)
        for index in gone:
            del self.candidates[index]
        return {id: each - gone for id, each in relevant.items()}, {
            id: each.without(gone) for id, each in found.items()
        }

    def _relevance(self, candidates: Candidates) -> Mapping[str, Chosen]:
        """Per statement the candidates its plan could use: as generated, or else those that it asked for."""
        known = set(self.candidates)
        asked: dict[str, set[Index]] = {}
        for candidate in self.candidates.values():
            for id in candidate.statements:
                asked.setdefault(id, set()).add(candidate.index)
        for id, indexes in candidates.relevant:
            asked.setdefault(id, set()).update(known.intersection(indexes))
        on_tables: dict[tuple[str, str], set[Index]] = {}
        for index in self.optional:
            on_tables.setdefault((index.schema, index.table), set()).add(index)
        for statement in self.statements if on_tables else ():
            for table in self.costs.reads(statement) & on_tables.keys():
                asked.setdefault(statement.id, set()).update(on_tables[table])
        return {id: frozenset(indexes) for id, indexes in asked.items()}

    def _asking(self) -> Mapping[Index, tuple[Statement, ...]]:
        found: dict[Index, list[Statement]] = {}
        for statement in self.statements:
            for index in sorted(self.relevant.get(statement.id, ())):
                found.setdefault(index, []).append(statement)
        return {index: tuple(statements) for index, statements in found.items()}

    def cost(self, statement: Statement, chosen: Chosen) -> float:
        """One call of the statement when exactly these candidates exist beside today's indexes."""
        return self.costs.cost(statement, self.configuration(self.part(statement, chosen)))

    def used(self, statement: Statement, chosen: Chosen) -> Chosen:
        """Those of the chosen candidates that the statement's plans use."""
        part = self.part(statement, chosen)
        return self.costs.used(statement, self.configuration(part)) & part

    def configuration(self, chosen: Chosen) -> Configuration:
        """The what-if that a set stands for: an index that may go and is not in it is taken away."""
        return Configuration(chosen - self.optional, self.optional - chosen)

    def able(self, id: str, index: Index) -> Chosen:
        """The candidates that can stand in for this one in the plans of a statement; itself included."""
        if (id, index) not in self._able:
            own = frozenset({index})
            known = index not in self.optional
            self._able[(id, index)] = self.classes[id].able(index) if known else own
        return self._able[(id, index)]

    def part(self, statement: Statement, chosen: Chosen) -> Chosen:
        return chosen & self.relevant.get(statement.id, frozenset())

    def reading(self, index: Index) -> Sequence[Statement]:
        """The statements whose plans an index of this table can matter to."""
        if self._reading is None:
            self._reading = {}
            for statement in self.statements:
                for table in self.costs.reads(statement):
                    self._reading.setdefault(table, []).append(statement)
        return self._reading.get((index.schema, index.table), ())

    def reads(self, chosen: Chosen, among: Iterable[Statement] | None = None) -> float:
        """All calls of all statements, or of some."""
        listed = self.statements if among is None else among
        return sum(s.calls * self.cost(s, chosen) for s in listed)

    def upkeep_of(self, index: Index) -> float:
        if index not in self._upkeep:
            self._upkeep[index] = self.costs.maintenance(index)
        return self._upkeep[index]

    def groups_of(self, index: Index) -> tuple[tuple[str, float], ...]:
        """Groups of heap-only updates that the index ends, with their price."""
        if index not in self._groups:
            own = {id: cost for id, _, cost, _ in self.costs.hot_groups(index)}
            for other in sorted(self.optional - {index}):
                # Ended today by an index that may go; this one would go on ending it.
                if (other.schema, other.table) == (index.schema, index.table):
                    for id, _, cost, columns in self.costs.hot_groups(other):
                        if not columns_of(index).isdisjoint(columns):
                            own.setdefault(id, cost)
            self._groups[index] = tuple(sorted(own.items()))
        return self._groups[index]

    def after_hot(self, index: Index) -> tuple[tuple[str, float], ...]:
        """What the index costs more for each group, by id, once another one has ended it."""
        return self.costs.after_hot(index)

    def hot_price(self, indexes: Iterable[Index]) -> float:
        """Each ended group once, at the price of the index that makes it dearest."""
        prices: dict[str, float] = {}
        for index in sorted(indexes):
            for id, cost in self.groups_of(index):
                prices[id] = max(prices.get(id, 0.0), cost)
        return sum(prices[id] for id in sorted(prices))

    @property
    def offset(self) -> float:
        """What the programs count for the indexes that may go, taken off: costs are told beside today's."""
        return -sum(map(self.upkeep_of, sorted(self.optional))) - self.hot_price(self.optional)

    def ends(self, id: str) -> bool:
        """Whether any candidate, or any index that may go, ends this group of heap-only updates."""
        if self._endable is None:
            indexes = (*self.candidates, *self.optional)
            self._endable = frozenset(id for index in indexes for id, _ in self.groups_of(index))
        return id in self._endable

    def within(self, limits: Limits) -> Problem:
        """The same problem under other limits; what was learnt of costs is shared."""
        other = copy.copy(self)
        other.limits = limits
        return other

    def hurried(self, share: float) -> Problem:
        """The same problem with less time: it is over when this share of the time is gone."""
        other = copy.copy(self)
        other.clock = self.clock.until_share(share)
        return other

    def upkeep(self, chosen: Chosen) -> float:
        """What the set costs the writes beyond what today's indexes do; below 0 where it drops some."""
        if chosen not in self._upkeeps:
            self._upkeeps[chosen] = self.costs.upkeep(self.configuration(chosen)) - self.maintenance_before
        return self._upkeeps[chosen]

    def total(self, chosen: Chosen) -> float:
        return self.reads(chosen) + self.upkeep(chosen)

    def wanted(self, chosen: Chosen) -> float:
        """The total, with each index, and each ended group of heap-only updates, charged the least benefit it must bring.

        This is what the search makes small.
        """
        new = chosen - self.optional
        ended = {id for index in new for id, _ in self.groups_of(index)}
        return self.total(chosen) + self.threshold * len(new) + self.hot_threshold * len(ended)

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

    def rivals(self, index: Index) -> Chosen:
        """The candidates that no set should hold beside this one."""
        if index not in self._rivals:
            beside = self._beside.get((index.schema, index.table), ())
            self._rivals[index] = frozenset(
                other for other in beside if other != index and self.repeats(index, other)
            )
        return self._rivals[index]

    def broken_limit(self, chosen: Chosen) -> str:
        """The limit that the set does not keep, for people; empty when it keeps all."""
        limits = self.limits
        whole, chosen = chosen, chosen - self.optional
        for one in sorted(chosen):
            for other in sorted(self.rivals(one) & chosen):
                return f"{one.text} and {other.text} would repeat one another"
        if limits.max_indexes is not None and len(chosen) > limits.max_indexes:
            return f"at most {limits.max_indexes} indexes are allowed"
        if limits.storage_budget is not None:
            needed = sum(self.size(index) for index in sorted(chosen))
            if needed > limits.storage_budget:
                return f"the set would take {needed:,} bytes of the {limits.storage_budget:,} allowed"
        on_tables = Counter((index.schema, index.table) for index in chosen)
        if (
            limits.max_table_indexes is not None
            and max(on_tables.values(), default=0) > limits.max_table_indexes
        ):
            return f"at most {limits.max_table_indexes} new indexes on one table are allowed"
        allowed = self.overhead_allowed
        if allowed is not None and self.upkeep(whole) > allowed:
            return f"the writes would cost {self.upkeep(whole):,.0f} units more, {allowed:,.0f} are allowed"
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


def _telling(reads: Sequence[float]) -> float:
    """All reads, giants among the statements cut down: one whose estimate is hours would hide every other one's gain."""
    counted: list[float] = []
    for each in sorted(reads):
        crowd = len(counted) >= CROWD
        counted.append(min(each, GIANT * sum(counted) / len(counted)) if crowd else each)
    return sum(counted)
