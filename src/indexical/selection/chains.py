"""Valid bounds on a statement's cost, found by asking the planner and taking away what it used.

With every relevant candidate visible the statement costs ``c0``. Take away the used indexes that are not in a trial set, and
it costs ``c1``; go on until the plan uses nothing outside the trial set. If E1, E2 ... are the sets taken away, then for every
set of chosen indexes the cost is at least ``c(j-1)``, where Ej is the first of them that holds a chosen index, because then
everything before it is taken away; and at least the last cost when none holds one. That is a combinatorial Benders cut (Codato
and Fischetti, "Combinatorial Benders' Cuts for Mixed-Integer Linear Programming", 2006). It is as valid as the planner is
monotone: PostgreSQL's keeps one of two paths within 1 % of each other.

To be short, a step takes away with a used index the ones of its kin: same table, same leading key, not narrower. They are
credited with a gain that they may not have, which is valid, and no temptation: the used one brings the same for less storage.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model import Index, Statement
from indexical.selection.answers import Answers
from indexical.selection.problem import Chosen, Problem

LONGEST = 60
"""Steps of one chain; a longer one ends in the plain cut, which is valid too, only weaker."""
FINE = 5e-5
"""Share of all reads, giants cut down, that is too little to look closer at: what is left then goes in one step."""


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

    def least(self, indexes: Chosen) -> float:
        """What it says of a set."""
        for step, gain in self.steps:
            if not indexes.isdisjoint(step):
                return self.floor - gain
        return self.floor


def chain(
    problem: Problem,
    answers: Answers,
    statement: Statement,
    trial: Chosen,
    *,
    among: Chosen | None = None,
    together: bool = False,
) -> Chain:
    """The bound that is exact at the trial set: its floor is the statement's cost there.

    With fewer candidates ``among`` which to look it is a bound for sets of those only. A plan's indexes go one after the other,
    the largest first, so that the small ones, which any good set can afford, are not credited with what only a large one
    brings; going ``together`` they give a weaker bound and bring up other plans.
    """
    classes = problem.classes[statement.id]
    trial = problem.part(statement, trial)
    shown = frozenset(classes.members)
    visible = (shown if among is None else shown & among) | problem.part(statement, problem.optional) | trial
    floor = answers.ask(statement, trial).cost
    fine = FINE * problem.telling / statement.calls
    taken: list[tuple[Chosen, float]] = []
    cost = 0.0
    for _ in range(LONGEST):
        answer = answers.ask(statement, visible)
        cost = min(answers.floor(statement, answer), floor)
        away = answer.used - trial
        if not away or cost >= floor - fine or problem.clock.over:
            break
        largest = max(away, key=lambda index: (problem.size(index), index))
        away = _with_kin(problem, away if together else frozenset({largest}), visible - trial)
        taken.append((away, cost))
        visible -= away
    if visible - trial and cost < floor:
        taken.append((visible - trial, cost))
    return _chain(problem, statement, floor, trial, taken)


def _with_kin(problem: Problem, away: Chosen, others: Chosen) -> Chosen:
    kin = set(away)
    for index in away:
        width = problem.widths.of(index)
        kin.update(
            other
            for other in others
            if (other.table, other.schema, other.keys[0]) == (index.table, index.schema, index.keys[0])
            and problem.widths.of(other) >= width
        )
    return frozenset(kin)


def _chain(
    problem: Problem, statement: Statement, floor: float, trial: Chosen, taken: list[tuple[Chosen, float]]
) -> Chain:
    members = problem.classes[statement.id].members
    steps: list[tuple[tuple[Index, ...], float]] = []
    best = floor
    for away, before in reversed(taken):
        # A plan found later, among fewer indexes, was there before: the planner had overlooked it.
        best = min(best, before)
        if floor > best:
            alike = frozenset(index for each in away for index in members.get(each, (each,))) - trial
            steps.insert(0, (tuple(sorted(alike, key=problem.rank.__getitem__)), floor - best))
    return Chain(statement.id, best, floor, tuple(steps))
