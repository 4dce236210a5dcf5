"""The choice: which candidates to create and which existing indexes to drop. Pure: it sees costs, never a server."""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model import (
    Candidate,
    Candidates,
    Catalog,
    Configuration,
    Drop,
    Index,
    Limits,
    Refusal,
    Workload,
)
from indexical.protocols import Costs
from indexical.selection.choose import Choice, choose
from indexical.selection.drops import Dropping, choose_drops
from indexical.selection.phases import phases
from indexical.selection.polish import polish
from indexical.selection.problem import Chosen, Problem
from indexical.selection.refusals import explain

__all__ = ["Selection", "phases", "select"]

RETRIES = 3


@dataclass(frozen=True, slots=True)
class Selection:
    configuration: Configuration
    chosen: tuple[Candidate, ...]
    drops: tuple[Drop, ...]
    refused: tuple[Refusal, ...]
    bound: float
    """Reads and maintenance together: no allowed set of candidates costs less, the drops as they are."""
    reads_before: float
    reads_after: float
    maintenance_before: float
    maintenance_after: float
    proved: bool = False
    """Whether the solver proved the set of new indexes to be the best one, each with its least benefit charged."""


def select(
    workload: Workload, catalog: Catalog, candidates: Candidates, costs: Costs, limits: Limits
) -> Selection:
    """The best set within the limits; deterministic as long as the deadline does not cut the search short."""
    problem = Problem(workload, catalog, candidates, costs, limits)
    choice = Choice(frozenset(), problem.reads_before, frozenset(), exact=True)
    chosen: Chosen = frozenset()
    if limits.only != "drop":
        choice, chosen = _choose_worthy(problem)
    dropping = (
        choose_drops(problem, workload, chosen)
        if limits.only != "create"
        else Dropping((), Configuration(chosen), ())
    )
    kept = _kept_maintenance(problem, dropping, chosen)
    refused = explain(problem, chosen, choice.seen_in_plans) if limits.only != "drop" else ()
    bound = min(choice.bound, problem.total(chosen))
    after = sum(s.calls * costs.cost(s, dropping.configuration) for s in problem.statements)
    return Selection(
        configuration=dropping.configuration,
        chosen=tuple(problem.candidates[index] for index in sorted(chosen)),
        drops=dropping.drops,
        refused=refused + dropping.refused,
        bound=bound + kept,
        reads_before=problem.reads_before,
        reads_after=after,
        maintenance_before=problem.maintenance_before,
        maintenance_after=kept + problem.upkeep(chosen),
        proved=choice.exact,
    )


def _choose_worthy(problem: Problem) -> tuple[Choice, Chosen]:
    """Choose, take away what is not worth its place, and choose again without it: another index may take its part."""
    banned: frozenset[Index] = frozenset()
    first = choose(problem)
    best, gone = polish(problem, first.chosen)
    for _ in range(RETRIES):
        if not gone or problem.clock.over:
            break
        banned |= {each.index for each in gone}
        chosen, gone = polish(problem, choose(problem, banned).chosen)
        best = chosen if problem.wanted(chosen) < problem.wanted(best) else best
    return first, best


def _kept_maintenance(problem: Problem, dropping: Dropping, chosen: Chosen) -> float:
    """What the existing indexes that stay cost the writes, heap-only updates regained by drops taken off."""
    gone = {(drop.existing.index.qualified_table, drop.existing.name) for drop in dropping.drops}
    kept = sum(
        problem.costs.maintenance(existing.index)
        for existing in problem.catalog.indexes()
        if (existing.index.qualified_table, existing.name) not in gone
    )
    lost = {id for index in chosen for id, _ in problem.groups_of(index)}
    regained = {
        id: cost
        for index in sorted(dropping.configuration.removed)
        for id, cost in problem.groups_of(index)
        if id not in lost
    }
    return max(0.0, kept - sum(regained[id] for id in sorted(regained)))
