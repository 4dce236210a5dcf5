"""As Dexter works (https://github.com/ankane/dexter): every single column hypothetical at once, what the plans use is kept.

Dexter knows no budget. Here the used indexes are taken by what they save per byte until the budget is full, each query's
saving shared evenly by the indexes of its plan.
"""

from __future__ import annotations

from indexical.model import Index
from references.what_if import Indexes, WhatIf, btree

LEAST_SAVING = 0.05
"""Of a query's cost, before its plan's indexes count (the option ``--min-cost-savings-pct``; Dexter's own default is 50)."""


def dexter(what_if: WhatIf, budget: int | None) -> Indexes:
    singles = frozenset(
        index
        for table, columns in what_if.columns().items()
        for column in columns
        if not what_if.exists(index := btree(table, (column,)))
    )
    saved: dict[Index, float] = {}
    for statement in what_if.statements:
        before = what_if.cost(statement, ())
        answer = what_if.answer(statement, singles)
        saving = before - statement.calls * answer.cost
        if saving < LEAST_SAVING * before:
            continue
        for index in answer.used:
            saved[index] = saved.get(index, 0.0) + saving / len(answer.used)
    chosen: set[Index] = set()
    left = float("inf") if budget is None else budget
    for index in sorted(saved, key=lambda each: (-saved[each] / what_if.size(each), each)):
        if what_if.size(index) <= left:
            chosen.add(index)
            left -= what_if.size(index)
    return frozenset(chosen)
