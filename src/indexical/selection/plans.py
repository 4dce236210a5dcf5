"""Every plan that a statement can have, where those are few: then nothing about it is left to be found out.

With everything visible the planner makes one plan; a set that lacks an index of it is a set without that index, so the planner
is asked again without each index of the plan, and so on, until a plan uses none. What the statement costs with a set is then
the cheapest of the plans of which the set holds all indexes: Finkelstein, Schkolnick and Tiberio's atomic configurations
("Physical Database Design for Relational Databases", 1988), all of them. Look-ups, lists and joins of two or three tables have
a few dozen. Other statements are told by :mod:`.chains`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from indexical.model import Index, Statement
from indexical.selection.answers import Answers
from indexical.selection.problem import Chosen, Problem

MOST = 150
"""Questions about one statement, above which it has too many plans to know them all."""
MOST_WAITING = 20
"""Questions that wait at once, above which they are bound to become too many."""
FINE = 5e-6
"""Share of all reads, giants cut down, that is too little to look closer at."""


@dataclass(frozen=True, slots=True)
class Plans:
    """For one call of the statement: the cheapest plan that a set allows, for every set."""

    statement: str
    shown: Chosen
    """What the planner was shown: of indexes that look alike only the narrowest, unless the others were asked for."""
    plans: tuple[tuple[Chosen, float], ...]
    """The indexes that a plan needs and its cost, the cheapest first; the last one needs nothing."""
    alike: Mapping[Index, tuple[Index, ...]]
    """Of each index that a plan needs: those which do as well, as far as was asked; itself included."""

    @property
    def best(self) -> float:
        return self.plans[0][1]

    def least(self, indexes: Chosen) -> float:
        """No set of these costs less."""
        return next(
            cost
            for used, cost in self.plans
            if all(not indexes.isdisjoint(self.alike[index]) for index in used)
        )


def every_plan(
    problem: Problem, answers: Answers, statement: Statement, also: Chosen = frozenset(), most: int = MOST
) -> Plans | None:
    """All plans, ``also`` told apart from what looks like it; None when they are too many, or the time is up."""
    members = problem.classes[statement.id].members
    shown = frozenset(members) | problem.part(statement, problem.optional)
    apart = {first: alike & also - {first} for first, alike in members.items()}
    today = answers.ask(statement, frozenset()).cost
    enough = today - FINE * problem.telling / statement.calls
    least = today
    found: dict[Chosen, float] = {}
    waiting, seen = deque([shown]), {shown}
    while waiting:
        if len(seen) > most or (len(waiting) > MOST_WAITING and not also) or problem.clock.over:
            return None
        visible = waiting.popleft()
        answer = answers.ask(statement, visible)
        found[answer.used] = min(answer.cost, found.get(answer.used, answer.cost))
        if answer.cost >= enough:
            least = min(least, answer.cost)
            continue
        for index in sorted(answer.used, key=problem.rank.__getitem__):
            # While the narrowest of those that look alike is there, the others are of no use.
            rest = visible - {index} | apart.get(index, frozenset())
            if rest not in seen:
                seen.add(rest)
                waiting.append(rest)
    found[frozenset()] = least
    plans = _needed(problem, found)
    used = frozenset[Index]().union(*(each for each, _ in plans))
    shown |= also
    alike = {index: _alike(problem, members, shown, index) for index in used}
    return Plans(statement.id, shown, plans, alike)


def _alike(
    problem: Problem, members: Mapping[Index, Chosen], shown: Chosen, index: Index
) -> tuple[Index, ...]:
    others = members.get(index, frozenset()) - shown
    return tuple(sorted({index, *others}, key=problem.rank.__getitem__))


def _needed(problem: Problem, found: Mapping[Chosen, float]) -> tuple[tuple[Chosen, float], ...]:
    """Without those that need more and cost no less."""
    rank = problem.rank
    ordered = sorted(
        found.items(), key=lambda each: (each[1], len(each[0]), sorted(rank[i] for i in each[0]))
    )
    kept: list[tuple[Chosen, float]] = []
    for used, cost in ordered:
        if not any(other <= used for other, _ in kept):
            kept.append((used, cost))
    return tuple(kept)
