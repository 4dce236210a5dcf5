"""The choice: which candidates to create and which existing indexes to drop. Pure: it sees costs, never a server."""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model import (
    Candidate,
    Candidates,
    Catalog,
    Configuration,
    Drop,
    FrontierPoint,
    Index,
    Limits,
    Refusal,
    Workload,
)
from indexical.protocols import Costs
from indexical.selection.choose import Choice, choose, choose_again
from indexical.selection.drops import Dropping, choose_drops
from indexical.selection.frontier import frontier
from indexical.selection.memory import AGREED, Memory
from indexical.selection.phases import phases
from indexical.selection.polish import polish
from indexical.selection.problem import Chosen, Problem
from indexical.selection.refusals import explain
from indexical.selection.superseded import optional

__all__ = ["Selection", "phases", "select"]

RETRIES = 3


@dataclass(frozen=True, slots=True)
class Selection:
    configuration: Configuration
    chosen: tuple[Candidate, ...]
    drops: tuple[Drop, ...]
    refused: tuple[Refusal, ...]
    bound: float
    """Reads and maintenance together: no allowed set of candidates costs less, nor with what the search may drop."""
    reads_before: float
    reads_after: float
    maintenance_before: float
    maintenance_after: float
    proved: bool = False
    """Whether the solver proved the set to be the best one, each new index charged with its least benefit, and the planner
    gave no reason to doubt it."""
    slack: float = 0.0
    """Planner units by which the planner was seen to contradict itself: the bound is no surer than that."""
    frontier: tuple[FrontierPoint, ...] = ()


def select(
    workload: Workload, catalog: Catalog, candidates: Candidates, costs: Costs, limits: Limits
) -> Selection:
    """The best set within the limits; deterministic as long as the deadline does not cut the search short."""
    droppable = optional(workload, catalog, costs, limits)
    problem = Problem(workload, catalog, candidates, costs, limits, optional=droppable)
    memory = Memory(problem)
    choice = Choice(problem.optional, problem.reads_before, frozenset(), exact=True)
    chosen = problem.optional
    if limits.only != "drop" or problem.optional:
        choice, chosen = _choose_worthy(problem, memory)
    new = chosen - problem.optional
    dropping = (
        choose_drops(problem, workload, chosen)
        if limits.only != "create"
        else Dropping((), Configuration(new), ())
    )
    points = frontier(problem, memory, chosen) if limits.frontier and limits.only != "drop" else ()
    refused = explain(problem, chosen, choice.seen_in_plans) if limits.only != "drop" else ()
    after = sum(s.calls * costs.cost(s, dropping.configuration) for s in problem.statements)
    upkeep = costs.upkeep(dropping.configuration)
    # Duplicates go without the planner's or the programs' knowing: nothing is planned differently.
    spared = sum(costs.maintenance(drop.existing.index) for drop in dropping.drops
                 if drop.existing.index not in dropping.configuration.removed)  # fmt: skip
    whole = after + upkeep - spared
    slack = memory.slack(problem)
    return Selection(
        configuration=dropping.configuration,
        chosen=tuple(problem.candidates[index] for index in sorted(new)),
        drops=dropping.drops,
        refused=refused + dropping.refused,
        bound=min(choice.bound + problem.maintenance_before, whole),
        reads_before=problem.reads_before,
        reads_after=after,
        maintenance_before=problem.maintenance_before,
        maintenance_after=upkeep - spared,
        proved=choice.exact and slack <= AGREED * whole,
        slack=slack,
        frontier=points,
    )


def _choose_worthy(problem: Problem, memory: Memory) -> tuple[Choice, Chosen]:
    """Choose, take away what is not worth its place, and choose again without it: another index may take its part."""
    banned: frozenset[Index] = frozenset(problem.candidates) if problem.limits.only == "drop" else frozenset()
    first = choose(problem, memory, banned)
    best, gone = polish(problem, first.chosen)
    for _ in range(RETRIES):
        # Where nothing was saved there is no part to take.
        missed = {each.index for each in gone if each.saved > 0}
        if not missed or problem.clock.over:
            break
        banned |= missed
        chosen, gone = polish(problem, choose_again(problem, memory, banned, best))
        best = chosen if problem.wanted(chosen) < problem.wanted(best) else best
    return first, best
