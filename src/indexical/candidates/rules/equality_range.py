"""A range (``<``, ``>``, BETWEEN) alone, and behind the columns that are compared with ``=``.

A range ends what an index can narrow down, so it comes last: https://use-the-index-luke.com/sql/where-clause/searching-for-ranges.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import EQUAL_KINDS, StatementFacts, TableFacts, Term
from indexical.candidates.proposal import Proposal, arrangements, fit, plain
from indexical.model import Catalog, Limits


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        yield from _behind(table, (*table.equal, *table.listed), table.ranges, limits)
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
