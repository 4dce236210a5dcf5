"""Valid bounds on a statement's cost, found by asking the planner and taking away what it used.

With every relevant candidate visible the statement costs ``c0``. Take away the used indexes that are not in a trial set, and
it costs ``c1``; go on until the plan uses nothing outside the trial set. If E1, E2 ... are the sets taken away, then for every
set of chosen indexes the cost is at least ``c(j-1)``, where Ej is the first of them that holds a chosen index, because then
everything before it is taken away; and at least the last cost when none holds one. That is a combinatorial Benders cut (Codato
and Fischetti, "Combinatorial Benders' Cuts for Mixed-Integer Linear Programming", 2006). It is as valid as the planner is
monotone: PostgreSQL's keeps one of two paths within 1 % of each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model import Index, Statement
from indexical.selection.problem import Chosen, Problem

LONGEST = 40
"""Steps of one chain; a longer one ends in the plain cut, which is valid too, only weaker."""


@dataclass(frozen=True, slots=True)
class Chain:
    """``cost >= floor - gain of the first step that holds a chosen index``, for one call of the statement."""

    statement: str
    best: float
    """The cost with every candidate visible."""
    floor: float
    """The cost when no step holds a chosen index."""
    steps: tuple[tuple[tuple[Index, ...], float], ...]
    """What was taken away, and by how much the cost before that was below the floor; gains fall from step to step."""


def chain(problem: Problem, statement: Statement, trial: Chosen) -> Chain:
    """The bound that is exact at the trial set: its floor is the statement's cost there."""
    visible = problem.relevant.get(statement.id, frozenset())
    taken: list[tuple[Chosen, float]] = []
    highest = 0.0
    for _ in range(LONGEST):
        highest = max(highest, problem.cost(statement, visible))
        away = problem.used(statement, visible) - trial
        if not away or problem.clock.over:
            return _chain(statement, highest, taken)
        taken.append((away, highest))
        visible -= away
    taken.append((visible - trial, highest))
    return _chain(statement, max(highest, problem.cost(statement, visible & trial)), taken)


def _chain(statement: Statement, floor: float, taken: list[tuple[Chosen, float]]) -> Chain:
    best = taken[0][1] if taken else floor
    steps = tuple((tuple(sorted(away)), floor - before) for away, before in taken if away and floor > before)
    return Chain(statement.id, best, floor, steps)
