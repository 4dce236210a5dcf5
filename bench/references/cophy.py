"""CoPhy: Dash, Polyzotis and Ailamaki, "CoPhy: A Scalable, Portable, and Interactive Index Advisor for Large Workloads"
(VLDB 2011), written anew: the choice as an integer program over atomic configurations, solved exactly.

Atomic configurations are no index, each single candidate, and pairs of each statement's best few: what the planner has to
be asked stays bounded, as in the comparison of Kossmann, Halfpap, Jankrift and Schlosser (VLDB 2020).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import highspy

from indexical.model import Index, Statement
from references.what_if import Indexes, WhatIf

WIDTH = 2
PAIRED = 4
"""How many of a statement's best candidates on each table are tried in pairs."""
TIME_LIMIT = 60.0
WORTH = 0.999
"""A configuration counts when it is cheaper than each part of it by this factor."""


def cophy(what_if: WhatIf, budget: int | None) -> Indexes:
    useful = {s.id: list(_configurations(what_if, s)) for s in what_if.statements}
    highs: Any = highspy
    model = highs.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("time_limit", TIME_LIMIT),
        ("mip_rel_gap", 1e-4),
    ):
        model.setOptionValue(option, value)
    candidates = sorted({index for found in useful.values() for part, _ in found for index in part})
    scale = 1000.0 / sum(found[0][1] for found in useful.values())
    number: dict[Index, int] = {}
    for index in candidates:
        number[index] = _column(model, 0.0, integer=True)
    for statement in what_if.statements:
        _add_statement(model, useful[statement.id], number, scale)
    if budget is not None and candidates:
        # In megabytes: the solver wants numbers of like sizes.
        sizes = [what_if.size(index) / 1e6 for index in candidates]
        model.addRow(-highspy.kHighsInf, budget / 1e6, len(candidates), list(number.values()), sizes)
    model.run()
    values = model.getSolution().col_value
    allowed = frozenset(index for index in candidates if values[number[index]] > 0.5)
    # Room that is left may have been filled with what no plan uses.
    in_force = (
        min((cost, sorted(part)) for part, cost in found if part <= allowed)[1] for found in useful.values()
    )
    return frozenset(index for part in in_force for index in part)


def _configurations(what_if: WhatIf, statement: Statement) -> Iterator[tuple[Indexes, float]]:
    """Those worth having, with the statement's cost; the empty one comes first."""
    before = what_if.cost(statement, ())
    yield frozenset(), before
    singles = []
    for index in what_if.candidates(statement, WIDTH):
        cost = what_if.cost(statement, (index,))
        if cost < before * WORTH:
            singles.append((cost, index))
            yield frozenset((index,)), cost
    by_table: dict[str, list[tuple[float, Index]]] = {}
    for each in sorted(singles):
        by_table.setdefault(each[1].qualified_table, []).append(each)
    best = [each for table in sorted(by_table) for each in by_table[table][:PAIRED]]
    for (low, first), (high, second) in combinations(best, 2):
        cost = what_if.cost(statement, (first, second))
        if cost < min(low, high) * WORTH:
            yield frozenset((first, second)), cost


def _add_statement(
    model: Any, found: list[tuple[Indexes, float]], number: dict[Index, int], scale: float
) -> None:
    """One of its configurations is in force, and only one whose indexes are all chosen."""
    columns = [_column(model, cost * scale) for _, cost in found]
    model.addRow(1.0, 1.0, len(columns), columns, [1.0] * len(columns))
    uses: dict[Index, list[int]] = {}
    for column, (part, _) in zip(columns, found, strict=True):
        for index in part:
            uses.setdefault(index, []).append(column)
    for index, theirs in sorted(uses.items()):
        row = [*theirs, number[index]]
        model.addRow(-highspy.kHighsInf, 0.0, len(row), row, [1.0] * len(theirs) + [-1.0])


def _column(model: Any, cost: float, *, integer: bool = False) -> int:
    model.addVar(0.0, 1.0)
    column = int(model.getNumCol()) - 1
    model.changeColCost(column, cost)
    if integer:
        model.changeColIntegrality(column, highspy.HighsVarType.kInteger)
    return column
