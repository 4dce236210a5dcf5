"""The set of indexes to create, and a bound that no allowed set can beat.

Candidates reach the program only when some plan used them. It proposes a set, the planner is asked what that set really costs,
what the program did not know becomes another bound, and so on until proposal and truth agree (or the deadline ends it).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from indexical.model import Index, Statement
from indexical.selection import greedy
from indexical.selection.chains import Chain, chain
from indexical.selection.milp import Program, solver
from indexical.selection.problem import Chosen, Problem

EXACT_LIMIT = 800
"""Indexes that plans used, above which the greedy search chooses alone."""
EXACT_SHARE = 0.6
"""Share of the search's time after which the greedy search goes on from the best set so far."""
ROUNDS = 60
BOUND_ROUNDS = 20
AGREED = 2e-4
"""Relative difference below which a proposal counts as optimal."""


@dataclass(frozen=True, slots=True)
class Choice:
    chosen: Chosen
    bound: float
    """Reads and upkeep of new indexes: no allowed set of candidates costs less."""
    seen_in_plans: frozenset[Index]
    """Candidates that some plan used."""
    exact: bool
    """Whether the set is proved to be the best, within :data:`AGREED`."""


def choose(problem: Problem, banned: frozenset[Index] = frozenset()) -> Choice:
    """The best set that the time allows, leaving out ``banned``."""
    chains = problem.costs.spread(lambda s: chain(problem, s, frozenset()), problem.statements)
    pool = _indexes(chains)
    calls = {s.id: s.calls for s in problem.statements}
    floor = sum(calls[each.statement] * each.best for each in chains)
    highs = solver()
    if highs is None or len(pool) > EXACT_LIMIT or problem.reads_before <= 0:
        moves = {frozenset(indexes) - banned for each in chains for indexes, _ in each.steps}
        chosen = greedy.search(problem, pool - banned, moves, frozenset())
        return Choice(chosen, floor, pool, exact=False)
    program = Program(highs, problem)
    program.add(chains)
    return _exact(problem, program, pool, banned, floor)


def _indexes(chains: Iterable[Chain]) -> frozenset[Index]:
    return frozenset(index for each in chains for indexes, _ in each.steps for index in indexes)


def _exact(
    problem: Problem,
    program: Program,
    pool: frozenset[Index],
    banned: frozenset[Index],
    floor: float,
) -> Choice:
    program.ban(banned)
    best: Chosen = frozenset()
    best_value = problem.wanted(best)
    seen: set[Chosen] = set()
    exact = False
    for _ in range(ROUNDS):
        proposal = program.solve(problem.threshold, problem.hot_threshold, problem.clock.until(EXACT_SHARE))
        if proposal is None:
            break
        value = problem.wanted(proposal.chosen)
        if problem.fits(proposal.chosen) and (value, sorted(proposal.chosen)) < (best_value, sorted(best)):
            best, best_value = proposal.chosen, value
        if best_value <= proposal.bound * (1 + AGREED) + 1e-9 * problem.reads_before:
            exact = True
            break
        if proposal.chosen in seen or problem.clock.spent > EXACT_SHARE:
            break
        seen.add(proposal.chosen)
        pool |= _learn(problem, program, proposal.chosen, proposal.costs)
        if len(pool) > EXACT_LIMIT:
            break
    if not exact:
        improved = greedy.search(problem, pool - banned, (), best)
        best = improved if problem.wanted(improved) < best_value else best
    program.ban(frozenset())
    bound = _bound(problem, program)
    return Choice(best, max(bound, floor), pool, exact)


def _learn(problem: Problem, program: Program, chosen: Chosen, believed: dict[str, float]) -> Chosen:
    """Ask the planner where the program believed too little; the indexes that the answers brought up."""

    def learn(statement: Statement) -> Chain | None:
        true = statement.calls * problem.cost(statement, chosen)
        surprised = true > believed.get(statement.id, 0.0) * (1 + 1e-6) + 1e-6 * problem.reads_before
        return chain(problem, statement, chosen) if surprised else None

    learnt = [each for each in problem.costs.spread(learn, problem.statements) if each is not None]
    program.add(learnt)
    return _indexes(learnt)


def _bound(problem: Problem, program: Program) -> float:
    """The least that any allowed set costs in all, without the least benefit that an index must bring."""
    bound = 0.0
    seen: set[Chosen] = set()
    for _ in range(BOUND_ROUNDS):
        proposal = program.solve(0.0, 0.0, problem.clock.left)
        if proposal is None:
            break
        bound = max(bound, proposal.bound)
        if proposal.chosen in seen or problem.clock.over:
            break
        seen.add(proposal.chosen)
        if problem.total(proposal.chosen) <= proposal.bound * (1 + 1e-4):
            break
        _learn(problem, program, proposal.chosen, proposal.costs)
    return bound
