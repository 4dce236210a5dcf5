"""What statements cost under indexes that do not exist: few planner calls, many answers.

A plan depends only on the indexes it could use. So an answer is kept for a statement and the part of the configuration that is
relevant to it, and a plan chosen among many indexes is also the plan among fewer as long as every index it uses is still there
(the atomic configurations of Finkelstein, Schkolnick and Tiberio, "Physical Database Design for Relational Databases", 1988;
the derivation of costs from cached plans in Papadomanolakis, Dash and Ailamaki, "Efficient Use of the Query Optimizer for
Automated Physical Design", 2007). PostgreSQL keeps one of two paths within 1 % of each other, so a derived cost is off by about
as much.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from indexical.errors import PlanRefused
from indexical.model import (
    Candidates,
    Catalog,
    Configuration,
    Index,
    NotExamined,
    Plan,
    Statement,
    TableWrites,
    Workload,
)
from indexical.pg.plans import without_values
from indexical.protocols import Planner
from indexical.whatif.answers import Answer, Answers
from indexical.whatif.maintenance import HotGroup, Maintenance
from indexical.whatif.making import Making
from indexical.whatif.parameters import SAMPLES, Sample, choose_samples
from indexical.whatif.reach import Place, Reach

OnEvent = Callable[[str, float, str], None]
Found = TypeVar("Found")
_EVENT_EVERY = 50
_WAVE = 24
"""Statements that several threads work through before the calls left are counted again."""
_AMPLE = 200
"""Planner calls for each statement of a wave; where fewer are left, statements take their turns."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What does not change about a statement while its costs are asked."""

    samples: tuple[Sample, ...]
    relevant: frozenset[Index]
    tables: frozenset[Place]
    existing: frozenset[Index]
    """Indexes of those tables: only their going can change its plan."""


class CostModel:
    """Implements :class:`indexical.protocols.Costs`.

    ``deadline`` is in seconds from now. When it or ``max_planner_calls`` has run out, the model goes on answering from what it
    knows: with the cheapest known plan that works under the configuration, which is never too low.
    """

    def __init__(
        self,
        workload: Workload,
        catalog: Catalog,
        planner: Planner,
        candidates: Candidates,
        writes: Iterable[TableWrites],
        *,
        on_event: OnEvent | None = None,
        deadline: float | None = None,
        max_planner_calls: int | None = None,
        samples: int = SAMPLES,
    ) -> None:
        self._catalog = catalog
        self._planner = planner
        self._on_event = on_event
        self._ends = None if deadline is None else time.monotonic() + deadline
        self._max_calls = max_planner_calls
        self._sample_limit = samples
        self._workload = workload
        self._relevant = {id: frozenset(indexes) for id, indexes in candidates.relevant}
        self._known = frozenset(c.index for c in candidates.candidates).union(*self._relevant.values())
        self._making = Making(planner, candidates)
        self._reach = Reach(catalog)
        self._existing: dict[Index, int] = {}
        self._existing_on: dict[Place, list[Index]] = {}
        for existing in catalog.indexes():
            self._existing.setdefault(existing.index, existing.size)
            self._existing_on.setdefault((existing.index.schema, existing.index.table), []).append(
                existing.index
            )
        self._facts: dict[str, _Facts] = {}
        self._answers: dict[tuple[str, int], Answers] = {}
        self._refused: dict[str, str] = {}
        self._memo: dict[tuple[str, frozenset[Index], frozenset[Index]], float] = {}
        self._sizes: dict[Index, int] = {}
        self._maintenance = Maintenance(catalog, writes, self.size)
        self._workers = int(getattr(planner, "workers", 1))
        self._counting = threading.Lock()
        self._allowance: int | None = None
        """While several threads ask: the calls that each statement may still make."""
        self._asked: dict[str, int] = {}
        self.planner_calls = 0
        self.planner_seconds = 0.0
        """Waited for the planner, by all threads together."""

    @property
    def exhausted(self) -> bool:
        """Whether the deadline or the number of planner calls has run out: answers come from memory."""
        return (self._max_calls is not None and self.planner_calls >= self._max_calls) or (
            self._ends is not None and time.monotonic() >= self._ends
        )

    @property
    def not_examined(self) -> tuple[NotExamined, ...]:
        return tuple(NotExamined(id, why) for id, why in sorted(self._refused.items()))

    def examine(self) -> tuple[Statement, ...]:
        """Plan every statement once as things are; those that can be planned, sorted by id.

        The most expensive come first, so that a deadline cuts where it matters least.
        """
        heaviest = sorted(self._workload.statements, key=lambda s: (-s.total_ms, -s.calls, s.id))
        places = {statement.id: place for place, statement in enumerate(heaviest)}

        def look_at(statement: Statement) -> None:
            self.cost(statement, Configuration())
            self._tell(places[statement.id] / len(heaviest), statement.id)

        self.spread(look_at, heaviest)
        return tuple(
            s for s in sorted(self._workload.statements, key=lambda s: s.id) if s.id not in self._refused
        )

    def spread(self, work: Callable[[Statement], Found], statements: Sequence[Statement]) -> list[Found]:
        """Does the work for each statement, several at a time when the planner has several workers; answers in their order.

        What is known of a statement comes from its own questions alone, and one thread asks them in order: the answers are
        the same for any number of workers. Where the number of calls is limited, so many statements work at a time as have
        ample calls left for each of them; in the end it matters who comes first, and they ask one at a time.
        """
        threads = min(self._workers, len(statements))
        found: list[Found] = []
        if threads > 1:
            pool = ThreadPoolExecutor(threads, thread_name_prefix="indexical-what-if")
            try:
                while len(found) < len(statements) and (wave := self._wave(len(statements) - len(found))):
                    found += pool.map(work, statements[len(found) : len(found) + wave])
            finally:
                self._allowance = None
                pool.shutdown(cancel_futures=True)
        return found + [work(statement) for statement in statements[len(found) :]]

    def _wave(self, waiting: int) -> int:
        """How many statements may work at once, each with calls enough; 0 for none."""
        if self._max_calls is None:
            return waiting
        size = min(_WAVE, waiting)
        self._allowance = (self._max_calls - self.planner_calls) // size
        self._asked.clear()
        return size if self._allowance >= _AMPLE else 0

    def cost(self, statement: Statement, configuration: Configuration) -> float:
        added, removed = self._part(statement, configuration)
        key = (statement.id, added, removed)
        cost = self._memo.get(key)
        if cost is None:
            # Once nothing can be asked any more no answer changes, so those from memory may be kept too.
            cost = self._memo[key] = self._average(statement, added, removed)
        return cost

    def plan(self, statement: Statement, configuration: Configuration) -> Plan:
        """The plan of the sample that costs most today, its share of the calls considered."""
        added, removed = self._part(statement, configuration)
        facts = self._facts_of(statement)
        plans: list[tuple[float, Plan | None]] = []
        for position, sample in enumerate(facts.samples):
            today = self._answer(statement, position, frozenset(), frozenset())
            plans.append(
                (
                    sample.weight * today.cost if today else -1.0,
                    self._answer(statement, position, added, removed),
                )
            )
        telling = max(range(len(plans)), key=lambda position: (plans[position][0], -position))
        plan = plans[telling][1] or Plan(0.0)
        return without_values(plan) if facts.samples[telling].drawn else plan

    def used(self, statement: Statement, configuration: Configuration) -> frozenset[Index]:
        added, removed = self._part(statement, configuration)
        found: frozenset[Index] = frozenset()
        for position in range(len(self._facts_of(statement).samples)):
            plan = self._answer(statement, position, added, removed)
            found |= plan.indexes if plan is not None else frozenset()
        return found

    def size(self, index: Index) -> int:
        if index not in self._sizes:
            known = self._existing.get(index, 0)
            self._sizes[index] = known or self._planner.size(index)
        return self._sizes[index]

    def maintenance(self, index: Index) -> float:
        return self._maintenance.cost(index)

    def hot_groups(self, index: Index) -> tuple[HotGroup, ...]:
        return self._maintenance.hot_groups(index)

    def after_hot(self, index: Index) -> tuple[tuple[str, float], ...]:
        return self._maintenance.after_hot(index)

    def upkeep(self, configuration: Configuration) -> float:
        return self._maintenance.upkeep(configuration)

    def reads(self, statement: Statement) -> frozenset[Place]:
        return self._facts_of(statement).tables

    def _part(
        self, statement: Statement, configuration: Configuration
    ) -> tuple[frozenset[Index], frozenset[Index]]:
        """The part of the configuration that the statement's plan could depend on."""
        facts = self._facts_of(statement)
        added = configuration.added & facts.relevant
        if not configuration.added <= self._known:
            strange = configuration.added - self._known
            added |= {index for index in strange if (index.schema, index.table) in facts.tables}
        return added, configuration.removed & facts.existing

    def _facts_of(self, statement: Statement) -> _Facts:
        facts = self._facts.get(statement.id)
        if facts is None:
            relevant = self._relevant.get(statement.id, frozenset())
            tables = self._reach.tables(statement.sql)
            tables |= {(index.schema, index.table) for index in relevant}
            existing = (index for table in tables for index in self._existing_on.get(table, ()))
            facts = _Facts(
                choose_samples(statement, self._catalog, self._sample_limit),
                relevant,
                tables,
                frozenset(existing),
            )
            self._facts[statement.id] = facts
        return facts

    def _average(self, statement: Statement, added: frozenset[Index], removed: frozenset[Index]) -> float:
        total = weight = 0.0
        for position, sample in enumerate(self._facts_of(statement).samples):
            plan = self._answer(statement, position, added, removed)
            if plan is not None:
                total += sample.weight * plan.cost
                weight += sample.weight
        return total / weight if weight > 0 else 0.0

    def _answer(
        self, statement: Statement, position: int, added: frozenset[Index], removed: frozenset[Index]
    ) -> Plan | None:
        """The plan of one sample; None when the planner refuses it even as things are."""
        if statement.id in self._refused:
            return None
        answers = self._answers.get((statement.id, position))
        if answers is None:
            answers = self._first(statement, position)
        if not answers:
            return None
        plan = answers.derived(added, removed)
        if plan is None and not self._may_ask(statement):
            return answers.cheapest(added, removed)
        if plan is None:
            try:
                answer = self._ask(statement, position, added, removed)
            except PlanRefused:
                # Today's plan is known, so the statement is fine; this configuration alone is not.
                answer = Answer(added, removed, answers.cheapest(added, removed))
            answers.add(answer)
            plan = answer.plan
        return plan

    def _may_ask(self, statement: Statement) -> bool:
        if self._allowance is None:
            return not self.exhausted
        in_time = self._ends is None or time.monotonic() < self._ends
        return in_time and self._asked.get(statement.id, 0) < self._allowance

    def _first(self, statement: Statement, position: int) -> Answers:
        answers = self._answers[(statement.id, position)] = Answers()
        if not self._may_ask(statement):
            self._refused[statement.id] = "the deadline or the planner calls ran out before it was planned"
            return answers
        try:
            answers.add(self._ask(statement, position, frozenset(), frozenset()))
        except PlanRefused as error:
            samples = range(len(self._facts_of(statement).samples))
            if not any(self._answers.get((statement.id, other), True) for other in samples):
                self._refused[statement.id] = str(error)
        return answers

    def _ask(
        self, statement: Statement, position: int, added: frozenset[Index], removed: frozenset[Index]
    ) -> Answer:
        parameters = self._facts_of(statement).samples[position].parameters
        started = time.monotonic()
        try:
            self._making.make(added)
            plan = self._planner.plan(statement, parameters, Configuration(added, removed))
        finally:
            with self._counting:
                self.planner_calls += 1
                self._asked[statement.id] = self._asked.get(statement.id, 0) + 1
                calls = self.planner_calls
                self.planner_seconds += time.monotonic() - started
        if calls % _EVENT_EVERY == 0:
            self._tell(-1.0, f"{calls} planner calls")
        return Answer(added, removed, plan)

    def _tell(self, share: float, detail: str) -> None:
        if self._on_event is not None:
            with self._counting:
                self._on_event("what-if", share, detail)
