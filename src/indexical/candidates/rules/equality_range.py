"""A range (``<``, ``>``, BETWEEN) alone, and behind the columns that are compared with ``=``.

A range ends what an index can narrow down, so it comes last: https://use-the-index-luke.com/sql/where-clause/searching-for-ranges.
Further ranges behind it narrow nothing down, but rows that they leave out are not looked up in the table.
A row comparison, ``(a, b) < ($1, $2)``, is one range over both columns in their order.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import EQUAL_KINDS, StatementFacts, TableFacts, Term
from indexical.candidates.proposal import Proposal, arrangements, fit, plain
from indexical.model import Catalog, Limits

MORE = 3
"""Further ranges that are tried behind one, each alone."""


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        yield from _behind(table, (*table.equal, *table.listed), table.ranges, limits)
        for row in table.rows if limits.max_width > 1 else ():
            head = [name for name in arrangements(table, table.equal)[0] if name not in row]
            yield plain(table, fit((*fit(head, limits.max_width - 2), *row), limits.max_width))
        for arm in table.alternatives:
            yield from _behind(table, _columns(arm, equal=True), _columns(arm, equal=False), limits)


def _columns(arm: tuple[Term, ...], *, equal: bool) -> tuple[str, ...]:
    if equal:
        return tuple(sorted({t.column for t in arm if t.kind in EQUAL_KINDS or t.kind == "list"}))
    return tuple(sorted({t.column for t in arm if t.kind == "range"}))


def _behind(
    table: TableFacts, equal: tuple[str, ...], ranges: tuple[str, ...], limits: Limits
) -> Iterator[Proposal]:
    for ranged in ranges:
        yield plain(table, (ranged,))
        if limits.max_width < 2:
            continue
        for column in equal:
            yield plain(table, (column, ranged))
        for arranged in arrangements(table, equal):
            for width in range(2, min(len(arranged), limits.max_width - 1) + 1):
                yield plain(table, (*fit(arranged, width), ranged))
        head = (*fit(arrangements(table, equal)[0], limits.max_width - 2), ranged)
        others = [name for name in ranges if name != ranged]
        for other in others[:MORE]:
            yield plain(table, fit((*head, other), limits.max_width))
        if len(others) > 1:
            yield plain(table, fit((*head, *others), limits.max_width))
