"""What a search has learnt of the planner: all plans of some statements, chains of the others, what looks alike and is not."""

from __future__ import annotations

from collections.abc import Iterator

from indexical.model import Index, Statement
from indexical.selection.answers import Answers
from indexical.selection.chains import Chain, chain
from indexical.selection.plans import MOST, Plans, every_plan
from indexical.selection.problem import Chosen, Problem

MOST_REFINED = 1000
"""Questions about a statement of few plans when more indexes are told apart."""
AGREED = 2e-4
"""Relative difference below which two costs, and so a proposal and the best set, count as the same."""


class Memory:
    """What one search learns and the next one need not ask again."""

    def __init__(self, problem: Problem) -> None:
        self.answers = Answers(problem)
        self.complete: dict[str, Plans] = {}
        """Of the statements that have few plans: all of them."""
        self.chains: dict[Chain, None] = {}
        self.unlike: dict[str, Chosen] = {}
        """Per statement: what does not stand in for another index, though it looks as if it could."""
        self.learnt: set[Chosen] = set()

    def knowledge(self, problem: Problem) -> tuple[int, int]:
        """How much the upper program has to go by."""
        plans = sum(len(self.answers.plans(statement)) for statement in self.open(problem))
        return (
            plans + sum(len(each.shown) for each in self.complete.values()),
            sum(len(each) for each in self.unlike.values()),
        )

    def open(self, problem: Problem) -> tuple[Statement, ...]:
        """The statements of which not all plans are known."""
        return tuple(s for s in problem.statements if s.id not in self.complete)

    def enumerate(self, problem: Problem) -> None:
        """Look which statements have so few plans that all can be known."""
        found = problem.costs.spread(
            lambda s: every_plan(problem, self.answers, s, most=MOST), heaviest(problem, problem.statements)
        )
        known = {each.statement: each for each in found if each is not None}
        self.complete = {id: known[id] for id in sorted(known)}

    def refine(self, problem: Problem, chosen: Chosen) -> bool:
        """Tell the chosen ones apart from what looks like them, where that matters; whether it does anywhere."""

        def look(statement: Statement) -> Plans | None:
            known = self.complete[statement.id]
            part = problem.part(statement, chosen)
            answer = self.answers.ask(statement, part)
            if answer.used <= known.shown or answer.cost <= known.least(part) * (1 + AGREED):
                return None
            also = known.shown - frozenset(problem.classes[statement.id].members) - problem.optional
            return every_plan(
                problem, self.answers, statement, also | answer.used - problem.optional, most=MOST_REFINED
            )

        known = tuple(s for s in problem.statements if s.id in self.complete)
        better = [each for each in problem.costs.spread(look, known) if each is not None]
        self.complete.update((each.statement, each) for each in better)
        return bool(better)

    @property
    def bounds(self) -> Iterator[Chain | Plans]:
        """All that no set can undercut."""
        yield from self.chains
        yield from self.complete.values()

    def slack(self, problem: Problem) -> float:
        """By how much the chains, made before some plan was known, say more than that plan costs; all calls together."""
        calls = {s.id: (s, s.calls) for s in problem.statements}
        worst: dict[str, float] = {}
        for each in self.bounds:
            statement, factor = calls[each.statement]
            for used, cost in self.answers.plans(statement):
                excess = factor * (each.least(used) - cost)
                worst[each.statement] = max(excess, worst.get(each.statement, 0.0))
        return sum(worst[id] for id in sorted(worst))

    @property
    def seen(self) -> frozenset[Index]:
        bounded = {index for each in self.chains for indexes, _ in each.steps for index in indexes}
        return frozenset(bounded).union(
            *(like for each in self.complete.values() for like in each.alike.values())
        )

    def floor(self, problem: Problem) -> float:
        """No set costs less, since every statement costs this much with everything there, and no upkeep can fall lower."""
        calls = {s.id: s.calls for s in problem.statements}
        least: dict[str, float] = {}
        for each in self.bounds:
            least[each.statement] = max(each.best, least.get(each.statement, 0.0))
        return sum(calls[id] * least[id] for id in sorted(least)) + problem.offset

    def learn(self, problem: Problem, trial: Chosen) -> None:
        """Bounds that are exact at the trial set."""
        if trial in self.learnt:
            return
        self.learnt.add(trial)
        self.refine(problem, trial)
        found = problem.costs.spread(lambda s: chain(problem, self.answers, s, trial), self.open(problem))
        self.chains.update(dict.fromkeys(found))


def heaviest(problem: Problem, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Those that cost the workload most come first, so that a deadline cuts where it matters least."""
    return tuple(sorted(statements, key=lambda s: (-s.calls * problem.today[s.id], s.id)))
