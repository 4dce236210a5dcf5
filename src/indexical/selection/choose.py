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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

from indexical.model import Index, Statement
from indexical.selection import greedy, lower, upper
from indexical.selection.chains import chain
from indexical.selection.lower import Lower
from indexical.selection.memory import AGREED, Memory, heaviest
from indexical.selection.problem import Chosen, Problem
from indexical.selection.program import Program, Solution, solver

EXACT_LIMIT = 3000
"""Indexes that plans used, above which the greedy search chooses alone."""
EXACT_SHARE = 0.85
"""Share of the search's time after which the greedy search goes on from the best set so far."""
ROUNDS = 40
SUGGESTIONS = 3
"""Proposals of the lower program in one round."""
NODES = 20
"""Nodes of an upper program's search tree: it is solved again soon, when more is known."""
CLIMBS = 8
"""Proposals of the upper program in one round."""
BOUND_ROUNDS = 2
ENOUGH = ((0, 0.01), (1, 0.05), (2, 1.0))
"""Rounds that came hardly closer, and the relative difference up to which that ends the search."""
NEAR = 1e-2
"""Relative difference up to which the bound without least benefits is looked for."""
SMALL = 60
"""Indexes that plans used, up to which the answer is proved to the end whatever that takes."""
CLOSELY = 0.5
"""An upper program is solved to this share of the difference that is left, beginning with the best set that is known; the last
one twice as closely."""
BEGINNING = 0.6
"""Share of the search's time that looking for plans may take before the first choice among them."""
LAST = 0.1
"""The same of its time, over and above it, for one more choice among the known plans when it ran out before there was one."""
FINALLY = 1e-3
"""The relative difference to which the last upper program is solved at the most."""
UNKNOWN = 0.3
"""What counts as the difference between the programs before it is known."""
SLOW = 0.2
"""The share of the difference between the programs that a round must take away to count as one that came closer."""
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


def choose(
    problem: Problem,
    memory: Memory | None = None,
    banned: frozenset[Index] = frozenset(),
    rounds: int = ROUNDS,
) -> Choice:
    """The best set that the time allows, leaving out ``banned``."""
    memory = memory or Memory(problem)
    highs = solver()
    if highs is None or problem.reads_before <= 0:
        return _without_solver(problem, memory, banned)
    return _Search(highs, problem, memory, banned, problem.optional).run(rounds)


def choose_again(problem: Problem, memory: Memory, banned: frozenset[Index], start: Chosen) -> Chosen:
    """The best set without ``banned`` by what was learnt before; ``start`` is an allowed one to begin with."""
    highs = solver()
    if highs is None or problem.reads_before <= 0:
        return _without_solver(problem, memory, banned).chosen
    return _Search(highs, problem, memory, banned, start).run_again()


def _without_solver(problem: Problem, memory: Memory, banned: frozenset[Index]) -> Choice:
    memory.learn(problem, problem.optional)
    moves = {
        used - problem.optional - banned
        for statement in problem.statements
        for used, _ in memory.answers.plans(statement)
    }
    chosen = greedy.search(problem, memory.seen - banned, moves, problem.optional)
    return Choice(chosen, memory.floor(problem), memory.seen, exact=False)


class _Search:
    def __init__(
        self, highs: ModuleType, problem: Problem, memory: Memory, banned: frozenset[Index], start: Chosen
    ) -> None:
        self._highs = highs
        self._problem = problem
        self._memory = memory
        self._banned = banned
        self._best = start
        self._value = problem.wanted(start)
        self._climbed = (-1, -1)
        self._bound = -math.inf
        if not memory.chains and not memory.complete:
            self._begin()
        self._lower = Lower(highs, problem, memory.open(problem))
        self._lower.ban(banned)

    def run_again(self) -> Chosen:
        """The choice among the known plans, where that is not the whole search."""
        if self._memory.open(self._problem):
            program = self._more_known(NEAR / 2)
            if program is not None:
                program.solve()
                self._take(program)
        else:
            self._close_in()
        return self._best

    def run(self, rounds: int) -> Choice:
        problem, memory = self._problem, self._memory
        exact = done = False
        stale = 0
        self._climb()
        for _ in range(rounds):
            before, left = self._value, self._left
            self._look_around(self._best)
            self._teach()
            if self._lower.indexes > EXACT_LIMIT:
                break
            with self._climbing():
                exact, done = self._close_in()
            better = self._value < before - SLIGHT * abs(before)
            stale = 0 if better or self._left < left * (1 - SLOW) else stale + 1
            if done or self._near_enough(stale):
                break
        if not exact and self._bound >= 0 and self._lower.indexes <= EXACT_LIMIT:
            self._finish()
        self._fall_back(exact)
        least = memory.floor(problem)
        if not (problem.threshold or (problem.hot_threshold and self._lower.ends_hot) or self._banned):
            least = max(least, self._bound)
        else:
            least = max(least, self._unpriced_bound())
        return Choice(self._best, least, memory.seen, exact)

    def _close_in(self) -> tuple[bool, bool]:
        """Some proposals of the lower program; whether the best set is proved to be that, and whether there is no use in more."""
        problem, memory = self._problem, self._memory
        for _ in range(SUGGESTIONS):
            self._teach()
            proposal = self._propose()
            if proposal is None:
                return False, True
            self._bound = max(self._bound, proposal.bound)
            known = proposal.chosen in memory.learnt
            self._consider(proposal.chosen)
            if self._value <= self._bound + AGREED * abs(self._value) + 1e-9 * problem.reads_before:
                return True, True
            if self._over or (known and proposal.final):
                return False, True
            if self._near_enough(0):
                break
            memory.learn(problem, proposal.chosen)
        return False, False

    def _near_enough(self, stale: int) -> bool:
        """Whether what is left is not worth another round, after so many that came hardly closer."""
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
            memory.learn(problem, problem.optional)

    def _look_around(self, trial: Chosen) -> None:
        """Other plans beside the trial set, and what the set gains from them."""
        problem, memory = self._problem, self._memory
        if trial in memory.learnt:
            return
        problem.costs.spread(
            lambda s: chain(problem, memory.answers, s, trial, together=True), memory.open(problem)
        )
        memory.learn(problem, trial)

    def _finish(self) -> None:
        """The upper program more closely, and what is to be found around its answer."""
        self._climbed = (-1, -1)
        self._climb(max(FINALLY, CLOSELY / 2 * self._left))
        if not self._over:
            self._look_around(self._best)

    def _fall_back(self, exact: bool) -> None:
        """What can still be done where the programs did not close in on the answer."""
        problem, memory = self._problem, self._memory
        too_large = self._lower.indexes > EXACT_LIMIT
        if self._over and not exact and not too_large:
            # Learning may take all of the time; choosing among what it found is quick, and is not to be lost with it.
            program = self._best_known()
            program.prepare(problem.clock.of(LAST), NEAR, self._best)
            program.solve()
            self._take(program)
        if too_large or self._bound < 0:
            # Too large for the programs, or too little time for a single round of them.
            self._consider(greedy.search(problem, memory.seen - self._banned, (), self._best))

    def _climb(self, closely: float = 0.0) -> None:
        """Follow the upper program until the planner agrees with it; solved as ``closely`` as that, or as is worth it now."""
        seen: set[Chosen] = set()
        for _ in range(CLIMBS):
            program = self._more_known(closely)
            if program is None:
                return
            program.solve()
            found = program.answer()
            if found is None or found.chosen in seen:
                return
            seen.add(found.chosen)
            if not self._consider(found.chosen):
                return

    @contextmanager
    def _climbing(self) -> Iterator[None]:
        """Meanwhile the upper program is solved as it is now, in a thread of its own: the solver needs nothing of ours."""
        program = self._more_known()
        if program is None:
            yield
            return
        with ThreadPoolExecutor(1, thread_name_prefix="indexical-climbs") as beside:
            solved = beside.submit(program.solve)
            yield
            solved.result()
        self._take(program)

    def _take(self, program: Program) -> None:
        """Consider what the upper program has found."""
        found = program.answer()
        if found is not None:
            self._consider(found.chosen)

    def _more_known(self, closely: float = 0.0) -> Program | None:
        """The upper program, prepared, when more is known than when it was solved last."""
        known = self._memory.knowledge(self._problem)
        if known == self._climbed or not self._memory.open(self._problem):
            return None
        self._climbed = known
        program = self._best_known()
        program.prepare(self._seconds, closely or max(AGREED, CLOSELY * self._left), self._best, NODES)
        return program

    def _best_known(self) -> Program:
        memory = self._memory
        return upper.best_known(
            self._highs, self._problem, memory.answers, memory.complete, memory.unlike, self._banned
        )

    def _propose(self) -> Solution | None:
        problem = self._problem
        return self._lower.solve(
            problem.threshold, problem.hot_threshold, self._seconds, AGREED / 2, self._best, self._value,
            self._memory.learnt,
        )  # fmt: skip

    @property
    def _left(self) -> float:
        """The relative difference between the two programs, as far as it matters."""
        known = self._bound > 0 and self._value > 0
        return min(1.0 - self._bound / self._value, UNKNOWN) if known else UNKNOWN

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
            proposal = self._lower.solve(
                0.0,
                0.0,
                problem.clock.left,
                AGREED,
                self._best,
                problem.total(self._best),
                memory.learnt,
                3 * lower.NODES,
            )
            if proposal is None:
                break
            bound = max(bound, proposal.bound)
            total = problem.total(proposal.chosen)
            if total <= bound * (1 + NEAR) or proposal.chosen in memory.learnt or problem.clock.over:
                break
            memory.learn(problem, proposal.chosen)
        return bound
