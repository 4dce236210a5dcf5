"""Join columns: alone, and with what else the statement asks of the same table.

The inner side of a nested loop looks its rows up by the join column once for every outer row
(https://www.postgresql.org/docs/18/planner-optimizer.html), so there a join column is worth what an ``=`` is. Where nothing
narrows the other side down, as in the joins that only fetch what a row refers to, this table comes first and no wider index
is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal, arrangements, fit, plain
from indexical.model import Catalog, Limits


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        for column in table.joins:
            yield plain(table, (column,))
            if limits.max_width < 2 or column in table.equal:
                continue
            if column in table.driven:
                yield from _looked_up(table, column, limits)
            elif not table.reads_all:
                yield from _handed_on(table, column, limits)


def _looked_up(table: TableFacts, column: str, limits: Limits) -> Iterator[Proposal]:
    """Rows are found by the join column, and the other conditions narrow them down further."""
    ranges = [name for name in (*table.ranges, *_in_every_arm(table)) if name != column]
    for some in _conditions(table, column, limits):
        yield plain(table, (column, *some))
        yield plain(table, (*some, column))
        if len(some) + 2 <= limits.max_width:
            for ranged in ranges:
                yield plain(table, (column, *some, ranged))
    for ranged in ranges:
        yield plain(table, (column, ranged))
        yield plain(table, (ranged, column))
    for other in table.driven:
        if other != column:
            yield plain(table, (column, other))


def _in_every_arm(table: TableFacts) -> list[str]:
    """Columns that each arm of an OR compares: the OR filters by them in the index."""
    arms = [{term.column for term in arm} for arm in table.alternatives]
    known = {*table.equal, *table.listed, *table.ranges}
    return sorted(set.intersection(*arms) - known) if arms else []


def _handed_on(table: TableFacts, column: str, limits: Limits) -> Iterator[Proposal]:
    """Rows are found by the conditions, and an index-only scan hands the join column on."""
    for some in _conditions(table, column, limits):
        if set(table.read) <= {*some, column}:
            yield plain(table, (*some, column))


def _conditions(table: TableFacts, column: str, limits: Limits) -> Iterator[tuple[str, ...]]:
    others = [name for name in (*table.equal, *table.listed) if name != column]
    for arranged in arrangements(table, others):
        for width in range(1, min(len(arranged), limits.max_width - 1) + 1):
            yield fit(arranged, width)
