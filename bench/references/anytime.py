"""Anytime, after the Database Engine Tuning Advisor: Chaudhuri and Narasayya, "Anytime Algorithm of Database Tuning Advisor
for Microsoft SQL Server" (2020), written anew.

Candidates are what single queries use when everything is there for them, and merges of pairs of those. The search goes
greedily by the saving of the whole workload, first from nothing, then from each promising candidate, until its time is up;
the best set of all runs is the answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from indexical.model import Index
from references.what_if import Indexes, WhatIf, btree

WIDTH = 2
SECONDS = 60.0
"""Of its own thinking and of the planner's time, also for what another run had asked before."""
ROUNDS = 4
"""How often a query is planned again without what it used, for more candidates."""


def anytime(what_if: WhatIf, budget: int | None) -> Indexes:
    clock = _Clock(what_if)
    candidates = _candidates(what_if, budget)
    nothing = what_if.costs(())
    worth = sum(nothing.values())
    seeds: list[tuple[float, Index]] = []
    for index in candidates:
        saved = worth - sum(what_if.changed(nothing, frozenset((index,)), (index,)).values())
        if saved > 0:
            seeds.append((-saved, index))
    best, cost = _grown(what_if, frozenset(), candidates, budget, clock)
    for _, index in sorted(seeds):
        if clock.out:
            break
        found, now = _grown(what_if, frozenset((index,)), candidates, budget, clock)
        if now < cost:
            best, cost = found, now
    return best


class _Clock:
    def __init__(self, what_if: WhatIf) -> None:
        self._what_if = what_if
        self._begun = time.perf_counter()
        self._waited = what_if.waited

    @property
    def out(self) -> bool:
        thought = time.perf_counter() - self._begun - (self._what_if.waited - self._waited)
        return thought + self._what_if.planner_seconds > SECONDS


def _candidates(what_if: WhatIf, budget: int | None) -> tuple[Index, ...]:
    """What each query's plans use, and pairs on one table merged: the first's columns, then what the second adds."""
    used: set[Index] = set()
    for statement in what_if.statements:
        visible = frozenset(what_if.candidates(statement, WIDTH))
        for _ in range(ROUNDS):
            found = what_if.answer(statement, visible).used
            if not found:
                break
            used |= found
            visible -= found
    merged = set(_merges(used, what_if))
    return tuple(sorted(i for i in used | merged if budget is None or what_if.size(i) <= budget))


def _merges(used: set[Index], what_if: WhatIf) -> Iterator[Index]:
    for first in sorted(used):
        for second in sorted(used):
            if first == second or first.qualified_table != second.qualified_table:
                continue
            columns = tuple(dict.fromkeys((*first.columns, *second.columns)))
            made = btree((first.schema, first.table), columns)
            if len(columns) <= WIDTH and not what_if.exists(made):
                yield made


def _grown(
    what_if: WhatIf, seed: Indexes, candidates: tuple[Index, ...], budget: int | None, clock: _Clock
) -> tuple[Indexes, float]:
    """The seed and, one after the other, whatever saves most and still fits."""
    chosen = seed
    costs = what_if.costs(chosen)
    while not clock.out:
        left = float("inf") if budget is None else budget - sum(what_if.size(index) for index in chosen)
        best: tuple[float, Index, dict[str, float]] | None = None
        for index in candidates:
            if index in chosen or what_if.size(index) > left:
                continue
            found = what_if.changed(costs, chosen | {index}, (index,))
            now = sum(found.values())
            if now < (best[0] if best else sum(costs.values())):
                best = (now, index, found)
        if best is None:
            break
        chosen, costs = chosen | {best[1]}, best[2]
    return chosen, sum(costs.values())
