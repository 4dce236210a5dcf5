"""What smaller and larger storage budgets would bring: one search for each, all of them sharing what they learn."""

from __future__ import annotations

from dataclasses import replace

from indexical.model import FrontierPoint
from indexical.selection.choose import choose
from indexical.selection.memory import Memory
from indexical.selection.polish import polish
from indexical.selection.problem import Chosen, Problem

PARTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Budgets, as shares of what the best set of all takes."""
ROUNDS = 2
"""Of each search, three proposals in one: most is known from the search before."""


def frontier(problem: Problem, memory: Memory, chosen: Chosen) -> tuple[FrontierPoint, ...]:
    """From the smallest budget to the largest, the chosen set among them; a dearer set is never shown as a better one."""
    open_ = problem.within(replace(problem.limits, storage_budget=None))
    budgets: list[int | None] = [None]
    largest = _storage(problem, chosen)
    points = [_point(open_, memory, chosen, largest)] if problem.limits.storage_budget is not None else []
    while budgets and not problem.clock.over:
        budget = budgets.pop(0)
        limited = problem.within(replace(problem.limits, storage_budget=budget))
        choice = choose(limited, memory, rounds=ROUNDS)
        best, _ = polish(limited, choice.chosen)
        storage = _storage(problem, best)
        if budget is None:
            budgets += [round(part * storage) for part in PARTS[:-1] if part * storage >= 8192]
        cost = problem.maintenance_before + limited.total(best)
        bound = min(problem.maintenance_before + choice.bound, cost)
        points.append(FrontierPoint(storage, cost, bound, len(best - problem.optional)))
    return _rising(points)


def _point(problem: Problem, memory: Memory, chosen: Chosen, storage: int) -> FrontierPoint:
    limited = problem.within(replace(problem.limits, storage_budget=storage))
    choice = choose(limited, memory, rounds=ROUNDS)
    cost = problem.maintenance_before + problem.total(chosen)
    bound = min(problem.maintenance_before + choice.bound, cost)
    return FrontierPoint(storage, cost, bound, len(chosen - problem.optional))


def _storage(problem: Problem, chosen: Chosen) -> int:
    return sum(problem.size(index) for index in sorted(chosen - problem.optional))


def _rising(points: list[FrontierPoint]) -> tuple[FrontierPoint, ...]:
    """Each larger one cheaper than those before it."""
    kept: list[FrontierPoint] = []
    for point in sorted(points):
        if not kept or point.cost < kept[-1].cost * (1 - 1e-9):
            if kept and kept[-1].storage == point.storage:
                kept.pop()
            kept.append(point)
    return tuple(kept)
