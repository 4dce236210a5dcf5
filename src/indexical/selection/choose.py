"""The set of indexes to have, and a bound that no allowed set can beat.

Two programs close in on the answer from both sides. The upper one knows the plans that the planner has made and proposes the set
that is best if there are no others; the lower one knows only what no set can undercut and proposes what might still be better.
The planner is asked what each proposal really costs; what either program did not know becomes a plan of the one and a bound of
the other, until they agree (or the time is up). The search begins with the narrow candidates, and lets the wider ones in when it
knows what it wants of them. Everything learnt is kept: another choice, with other limits, costs little.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from indexical.model import Index, Statement
from indexical.selection import greedy, upper
from indexical.selection.answers import Answers
from indexical.selection.chains import Chain, chain
from indexical.selection.lower import Lower
from indexical.selection.plans import MOST, Plans, every_plan
from indexical.selection.problem import Chosen, Problem
from indexical.selection.program import Solution, solver

EXACT_LIMIT = 3000
"""Indexes that plans used, above which the greedy search chooses alone."""
EXACT_SHARE = 0.85
"""Share of the search's time after which the greedy search goes on from the best set so far."""
ROUNDS = 40
MOST_REFINED = 1000
"""Questions about a statement of few plans when more indexes are told apart."""
CLIMBS = 8
"""Proposals of the upper program in one round."""
BOUND_ROUNDS = 3
AGREED = 2e-4
"""Relative difference below which a proposal counts as optimal."""
ENOUGH = ((0, 0.01), (2, 0.015), (4, 0.03), (6, 1.0))
"""Rounds without a better set, and the relative difference up to which that ends the search."""
NEAR = 1e-2
"""Relative difference up to which the bound without least benefits is looked for."""
SMALL = 60
"""Indexes that plans used, up to which the answer is proved to the end whatever that takes."""
COARSE = 0.3
"""A round's lower program is solved to this share of the difference that is left."""
CLOSELY = 0.15
"""And its upper programs to this share: they begin with the best set that is known. The last one is solved to the end."""
BEGINNING = 0.6
"""Share of the search's time that looking for plans may take before the first choice among them."""
LAST = 0.1
"""The same of its time, over and above it, for one more choice among the known plans when it ran out before there was one."""
SLIGHT = 1e-3
"""What a round must find the better set cheaper by to count as one that found something."""


@dataclass(frozen=True, slots=True)
class Choice:
    chosen: Chosen
    bound: float
    """Reads and upkeep beyond today's: no allowed set costs less."""
    seen_in_plans: frozenset[Index]
    """Candidates that some plan used."""
    exact: bool
    """Whether the set is proved to be the best, within :data:`AGREED`."""


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


def choose(
    problem: Problem,
    memory: Memory | None = None,
    banned: frozenset[Index] = frozenset(),
    rounds: int = ROUNDS,
    bounded: bool = True,
) -> Choice:
    """The best set that the time allows, leaving out ``banned``; unless ``bounded`` with the plainest bound."""
    memory = memory or Memory(problem)
    highs = solver()
    if highs is None or problem.reads_before <= 0:
        return _without_solver(problem, memory, banned)
    return _Search(highs, problem, memory, banned).run(rounds, bounded)


def _without_solver(problem: Problem, memory: Memory, banned: frozenset[Index]) -> Choice:
    learn(problem, memory, problem.optional)
    moves = {
        used - problem.optional - banned
        for statement in problem.statements
        for used, _ in memory.answers.plans(statement)
    }
    chosen = greedy.search(problem, memory.seen - banned, moves, problem.optional)
    return Choice(chosen, _floor(problem, memory), memory.seen, exact=False)


def heaviest(problem: Problem, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Those that cost the workload most come first, so that a deadline cuts where it matters least."""
    return tuple(sorted(statements, key=lambda s: (-s.calls * problem.today[s.id], s.id)))


def learn(problem: Problem, memory: Memory, trial: Chosen) -> None:
    """Bounds that are exact at the trial set."""
    if trial in memory.learnt:
        return
    memory.learnt.add(trial)
    memory.refine(problem, trial)
    found = problem.costs.spread(lambda s: chain(problem, memory.answers, s, trial), memory.open(problem))
    memory.chains.update(dict.fromkeys(found))


def _floor(problem: Problem, memory: Memory) -> float:
    """No set costs less, since every statement costs this much with everything there, and no upkeep can fall lower."""
    calls = {s.id: s.calls for s in problem.statements}
    least: dict[str, float] = {}
    for each in memory.bounds:
        least[each.statement] = max(each.best, least.get(each.statement, 0.0))
    return sum(calls[id] * least[id] for id in sorted(least)) + problem.offset


class _Search:
    def __init__(self, highs: ModuleType, problem: Problem, memory: Memory, banned: frozenset[Index]) -> None:
        self._highs = highs
        self._problem = problem
        self._memory = memory
        self._banned = banned
        self._best: Chosen = problem.optional
        self._value = problem.wanted(self._best)
        self._lower = Lower(highs, problem)
        self._lower.ban(banned)
        self._climbed = (-1, -1)
        self._coarse = COARSE
        self._asked = COARSE
        """The relative difference to which the lower program was solved last."""
        self._bound = -math.inf

    def run(self, rounds: int, bounded: bool) -> Choice:
        problem, memory = self._problem, self._memory
        if not memory.chains and not memory.complete:
            self._begin()
        exact = False
        stale = 0
        for _ in range(rounds):
            before = self._value
            self._climb()
            self._look_around(self._best)
            self._teach()
            if self._lower.indexes > EXACT_LIMIT:
                break
            proposal = self._propose()
            if proposal is None:
                break
            self._bound = max(self._bound, proposal.bound)
            self._consider(proposal.chosen)
            if self._value <= self._bound + AGREED * abs(self._value) + 1e-9 * problem.reads_before:
                exact = True
                break
            stale = stale + 1 if self._value >= before - SLIGHT * abs(before) else 0
            known = proposal.chosen in memory.learnt
            if self._over or self._good_enough(stale) or (known and self._asked <= AGREED / 2):
                break
            if known:
                # It was proposed again because the program was solved too coarsely.
                self._coarse *= COARSE
            learn(problem, memory, proposal.chosen)
        if not exact and self._bound >= 0 and self._lower.indexes <= EXACT_LIMIT:
            self._finish()
        self._fall_back(exact)
        least = _floor(problem, memory)
        if not (problem.threshold or (problem.hot_threshold and self._lower.ends_hot) or self._banned):
            least = max(least, self._bound)
        elif bounded:
            least = max(least, self._unpriced_bound())
        return Choice(self._best, least, memory.seen, exact)

    def _good_enough(self, stale: int) -> bool:
        """Whether what is left is not worth another round, after so many that found nothing better."""
        if self._lower.indexes <= SMALL or not self._memory.open(self._problem):
            return False
        left = (self._value - self._bound) / abs(self._value) if self._value else 0.0
        return any(stale >= rounds and left <= most for rounds, most in ENOUGH)

    @property
    def _over(self) -> bool:
        return self._problem.clock.spent > EXACT_SHARE

    def _teach(self) -> None:
        """Tell the lower program what was learnt."""
        self._lower.offer(self._memory.complete)
        self._lower.add(self._memory.chains)

    def _begin(self) -> None:
        """Plans of the narrow candidates alone: the planner is quick with few, and they are most of what is worth having."""
        problem, memory = self._problem.hurried(BEGINNING), self._memory
        memory.enumerate(problem)
        stages = {candidate.stage for candidate in problem.candidates.values()}
        narrow = frozenset(i for i, candidate in problem.candidates.items() if candidate.stage == min(stages))
        if len(stages) > 1:
            problem.costs.spread(
                lambda s: chain(problem, memory.answers, s, problem.optional, among=narrow),
                heaviest(problem, memory.open(problem)),
            )
        else:
            learn(problem, memory, problem.optional)

    def _look_around(self, trial: Chosen) -> None:
        """Other plans beside the trial set, and what the set gains from them."""
        problem, memory = self._problem, self._memory
        if trial in memory.learnt:
            return
        problem.costs.spread(
            lambda s: chain(problem, memory.answers, s, trial, together=True), memory.open(problem)
        )
        learn(problem, memory, trial)
        self._climb()

    def _finish(self) -> None:
        """The upper program to the end, and once more with what is to be found around its answer."""
        for _ in range(2):
            self._climbed = (-1, -1)
            self._climb(closely=AGREED)
            if self._best in self._memory.learnt or self._over:
                break
            self._look_around(self._best)

    def _fall_back(self, exact: bool) -> None:
        """What can still be done where the programs did not close in on the answer."""
        problem, memory = self._problem, self._memory
        too_large = self._lower.indexes > EXACT_LIMIT
        if self._over and not exact and not too_large:
            # Learning may take all of the time; choosing among what it found is quick, and is not to be lost with it.
            found = upper.propose(
                self._highs, problem, memory.answers, memory.complete, memory.unlike, self._banned, self._best,
                problem.clock.of(LAST), NEAR,
            )  # fmt: skip
            if found is not None:
                self._consider(found.chosen)
        if too_large or self._bound < 0:
            # Too large for the programs, or too little time for a single round of them.
            self._consider(greedy.search(problem, memory.seen - self._banned, (), self._best))

    def _climb(self, closely: float = 0.0) -> None:
        """Follow the upper program until the planner agrees with it; solved as ``closely`` as that, or as is worth it now."""
        problem, memory = self._problem, self._memory
        seen: set[Chosen] = set()
        for _ in range(CLIMBS if memory.open(problem) else 0):
            known = memory.knowledge(problem)
            if known == self._climbed:
                return
            self._climbed = known
            found = upper.propose(
                self._highs,
                problem,
                memory.answers,
                memory.complete,
                memory.unlike,
                self._banned,
                self._best,
                self._seconds,
                closely or max(AGREED, CLOSELY * self._left),
            )
            if found is None or found.chosen in seen:
                return
            seen.add(found.chosen)
            if not self._consider(found.chosen):
                return

    def _propose(self) -> Solution | None:
        problem = self._problem
        self._asked = max(AGREED / 2, self._coarse * self._left if self._memory.open(problem) else 0.0)
        return self._lower.solve(
            problem.threshold, problem.hot_threshold, self._seconds, self._asked, self._best
        )

    @property
    def _left(self) -> float:
        """The relative difference between the two programs, as far as it matters."""
        known = self._bound > 0 and self._value > 0
        return min(1.0 - self._bound / self._value, 0.1) if known else 0.1

    @property
    def _seconds(self) -> float | None:
        return self._problem.clock.until(EXACT_SHARE)

    def _consider(self, chosen: Chosen) -> bool:
        """Ask what the set really costs; whether the known plans took it to be cheaper."""
        problem, memory = self._problem, self._memory

        def look(statement: Statement) -> tuple[Chosen, bool]:
            unlike = memory.unlike.get(statement.id, frozenset())
            believed, standing = memory.answers.believed(statement, chosen, unlike)
            true = memory.answers.ask(statement, chosen).cost
            return standing, true > believed * (1 + AGREED)

        surprised = memory.refine(problem, chosen)
        open_ = memory.open(problem)
        for statement, (standing, dearer) in zip(open_, problem.costs.spread(look, open_), strict=True):
            if dearer:
                surprised = True
                memory.unlike[statement.id] = memory.unlike.get(statement.id, frozenset()) | standing
        value = problem.wanted(chosen)
        if (value, sorted(chosen)) < (self._value, sorted(self._best)) and problem.fits(chosen):
            self._best, self._value = chosen, value
        return surprised

    def _unpriced_bound(self) -> float:
        """The least that any allowed set costs in all, without the least benefit that an index must bring."""
        problem, memory = self._problem, self._memory
        self._lower.ban(frozenset())
        bound = -math.inf
        for _ in range(BOUND_ROUNDS):
            self._teach()
            proposal = self._lower.solve(0.0, 0.0, problem.clock.left, AGREED, self._best)
            if proposal is None:
                break
            bound = max(bound, proposal.bound)
            total = problem.total(proposal.chosen)
            if total <= bound * (1 + NEAR) or proposal.chosen in memory.learnt or problem.clock.over:
                break
            learn(problem, memory, proposal.chosen)
        return bound
