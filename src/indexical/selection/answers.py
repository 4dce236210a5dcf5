"""What the planner said so far, as bounds: each answer is a plan that can be had, and a floor that cannot be undercut.

An answer with the indexes ``visible``, of which the plan used ``used`` at ``cost``, says that every set with all of ``used``
costs at most ``cost``, and every set within ``visible`` at least that. The second is as true as the planner is monotone:
PostgreSQL's keeps one of two paths within 1 % of each other, and seldom misses a better plan that more indexes had shown it.
Where it was caught at that, a plan that is known to be there counts, not the worse one that it chose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from indexical.model import Index, Statement
from indexical.selection.problem import Chosen, Problem

FINE = 2e-5
"""Share of all reads, giants cut down, by which two plans of a statement must differ to count as two."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One planner call for one statement; candidates and droppable indexes only."""

    visible: Chosen
    used: Chosen
    cost: float


class Answers:
    """Asks for costs, and remembers. One statement is asked about by one thread at a time."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._by_statement: dict[str, list[Answer]] = {s.id: [] for s in problem.statements}
        self._exact: dict[tuple[str, Chosen], Answer] = {}
        self._plans: dict[str, tuple[int, tuple[tuple[Chosen, float], ...]]] = {}

    def ask(self, statement: Statement, chosen: Chosen) -> Answer:
        """What the statement costs and uses when exactly these exist."""
        part = self._problem.part(statement, chosen)
        known = self._exact.get((statement.id, part))
        if known is None:
            known = self._derived(statement, part)
            if known is None:
                cost = self._problem.cost(statement, part)
                known = Answer(part, self._problem.used(statement, part), cost)
                self._by_statement[statement.id].append(known)
            self._exact[(statement.id, part)] = known
        return known

    def plans(self, statement: Statement) -> tuple[tuple[Chosen, float], ...]:
        """What it can be had for, with which indexes, the cheapest first: none that another one makes needless."""
        answers = self._by_statement[statement.id]
        known = self._plans.get(statement.id)
        if known is None or known[0] != len(answers):
            known = self._plans[statement.id] = (len(answers), self._needed(statement, answers))
        return known[1]

    def believed(self, statement: Statement, chosen: Chosen, unlike: Chosen) -> tuple[float, Chosen]:
        """What the set should cost by the known plans when one index stands in for another; and the ones that do."""
        part = self._problem.part(statement, chosen)
        for used, cost in self.plans(statement):
            missing = used - part
            standing = [self._problem.able(statement.id, index) & part - unlike for index in missing]
            if all(standing):
                return cost, frozenset[Index]().union(*standing)
        return math.inf, frozenset()

    def _needed(self, statement: Statement, answers: list[Answer]) -> tuple[tuple[Chosen, float], ...]:
        cheapest: dict[Chosen, float] = {}
        for answer in answers:
            cheapest[answer.used] = min(answer.cost, cheapest.get(answer.used, answer.cost))
        rank = self._problem.rank
        fine = FINE * self._problem.telling / statement.calls
        kept: list[tuple[Chosen, float]] = []
        for used in sorted(cheapest, key=lambda used: (len(used), sorted(rank[index] for index in used))):
            # Fewer indexes come first: what more of them bring must be worth telling apart.
            if not any(other <= used and cost <= cheapest[used] + fine for other, cost in kept):
                kept.append((used, cheapest[used]))
        return tuple(sorted(kept, key=lambda each: (each[1], len(each[0]), sorted(rank[i] for i in each[0]))))

    def floor(self, statement: Statement, answer: Answer) -> float:
        """What no set within the visible one undercuts, as far as plans are known that the planner passed over."""
        passed_over = (
            other.cost for other in self._by_statement[statement.id] if other.used <= answer.visible
        )
        return min(answer.cost, min(passed_over, default=answer.cost))

    def _derived(self, statement: Statement, part: Chosen) -> Answer | None:
        for answer in self._by_statement[statement.id]:
            if part <= answer.visible and answer.used <= part:
                return answer
        return None
