"""Columns bound to one value, then the sort keys: the rows come out of the index in the wanted order, and LIMIT stops early.

https://www.postgresql.org/docs/18/indexes-ordering.html. Narrow forms with only one of the bound columns are asked about
too: they keep the order, filter the rest, and are shared by more statements.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal, arrangements, filters, fit, ordered
from indexical.model import Catalog, Limits


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        if table.equal and table.sorts and limits.max_width > 1:
            yield from _of_table(table, limits)


def _of_table(table: TableFacts, limits: Limits) -> Iterator[Proposal]:
    for column in table.equal:
        yield ordered(table, (column,), table.sorts[: limits.max_width - 1])
    for arranged in arrangements(table, table.equal):
        widest = min(len(arranged), limits.max_width - 1)
        for width in range(2, widest + 1):
            yield ordered(table, fit(arranged, width), table.sorts[: limits.max_width - width])
    head = fit(arrangements(table, table.equal)[0], limits.max_width - 1)
    after = filters(table, limits.max_width - len(head) - len(table.sorts))
    if table.limited and after:
        yield ordered(table, head, table.sorts, after=after)
