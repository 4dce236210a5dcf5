"""Columns compared with a value, a list of values or NULL: each alone, and together as one multi-column index.

https://www.postgresql.org/docs/18/indexes-multicolumn.html: conditions with ``=`` on the leading columns bound the part of the
index that is read.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import EQUAL_KINDS, StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal, arrangements, fit, plain
from indexical.model import Catalog, Limits


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        yield from _together(table, (*table.equal, *table.listed), limits)
        for arm in table.alternatives:
            bound = [term.column for term in arm if term.kind in EQUAL_KINDS or term.kind == "list"]
            yield from _together(table, bound, limits)


def _together(table: TableFacts, columns: tuple[str, ...] | list[str], limits: Limits) -> Iterator[Proposal]:
    for arranged in arrangements(table, columns):
        for column in arranged:
            yield plain(table, (column,))
        for width in range(2, min(len(arranged), limits.max_width) + 1):
            yield plain(table, fit(arranged, width))
