"""Extend: Schlosser, Kossmann and Boissier, "Efficient Scalable Multi-attribute Index Selection Using Recursive Strategies"
(ICDE 2019), written anew from the paper.

The set grows step by step: by a new index of one column, or by a column appended to an index that was chosen before. Each
step is the one that saves most per byte it adds; the search ends when none fits or none saves anything worth the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from indexical.model import Index
from references.what_if import Indexes, WhatIf, btree

LEAST_IMPROVEMENT = 1.003
"""A step that does not lower the workload's cost by this factor is none (the value that the authors use)."""


@dataclass(frozen=True, slots=True)
class _Step:
    ratio: float
    chosen: Indexes
    costs: dict[str, float]


def extend(what_if: WhatIf, budget: int | None, width: int = 3) -> Indexes:
    chosen: Indexes = frozenset()
    costs = what_if.costs(chosen)
    while True:
        best: _Step | None = None
        for new, old in _steps(what_if, chosen, width):
            step = _try(what_if, chosen, costs, new, old, budget)
            if step is not None and (best is None or step.ratio > best.ratio):
                best = step
        if best is None:
            return chosen
        chosen, costs = best.chosen, best.costs


def _steps(what_if: WhatIf, chosen: Indexes, width: int) -> Iterator[tuple[Index, Index | None]]:
    """A new index, and the one whose place it takes."""
    for table, columns in what_if.columns().items():
        for column in columns:
            single = btree(table, (column,))
            if single not in chosen and not what_if.exists(single):
                yield single, None
    for index in sorted(chosen):
        if len(index.keys) >= width:
            continue
        table = (index.schema, index.table)
        for column in what_if.columns()[table]:
            wider = btree(table, (*index.columns, column))
            if column not in index.columns and wider not in chosen:
                yield wider, index


def _try(
    what_if: WhatIf,
    chosen: Indexes,
    costs: dict[str, float],
    new: Index,
    old: Index | None,
    budget: int | None,
) -> _Step | None:
    after = (chosen - {old} if old else chosen) | {new}
    size = sum(what_if.size(index) for index in after)
    if budget is not None and size > budget:
        return None
    changes = [new] if old is None else [new, old]
    found = what_if.changed(costs, after, changes)
    before, now = sum(costs.values()), sum(found.values())
    if now * LEAST_IMPROVEMENT >= before:
        return None
    added = what_if.size(new) - (what_if.size(old) if old else 0)
    return _Step((before - now) / max(added, 1), after, found)
