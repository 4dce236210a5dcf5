"""INCLUDE: a narrow key part to search by, and the other columns that the statement reads, so that the table is not visited.

https://www.postgresql.org/docs/18/indexes-index-only-scans.html. Asked about only where an index-only scan can pay: the statement
reads few columns and narrow ones, and the table has pages that are marked all-visible, since the rows of the others are looked
up all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from indexical.candidates.facts import StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal, arrangements, fit, ordered, plain
from indexical.model import Catalog, Limits, Table

LARGEST_SHARE = 0.6
"""Of a row's bytes: an index that holds more of the row than this is a second table."""
WIDEST = 200
"""Average bytes of an entry's columns at most."""
LEAST_VISIBLE = 0.1
"""Of the table's pages: below this an index-only scan is none."""
KEY_PARTS = 8
"""Key parts tried for one mention of a table."""
UNKNOWN_WIDTH = 32
"""Bytes that a column without statistics is taken to have."""


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        if table.reads_all or not limits.max_include or not can_pay(table.table, table.read):
            continue
        for proposal in tuple(dict.fromkeys(_key_parts(table, limits)))[:KEY_PARTS]:
            held = set(proposal.index.columns)
            rest = tuple(name for name in table.read if name not in held)
            if 0 < len(rest) <= limits.max_include:
                yield Proposal(replace(proposal.index, include=rest), proposal.bound)


def can_pay(table: Table, columns: tuple[str, ...]) -> bool:
    """Whether reading the columns from an index can be much cheaper than reading them from the table."""
    if table.visible_pages < LEAST_VISIBLE * table.pages:
        return False
    widths = {column.name: _width(table, column.name) for column in table.columns}
    wanted = sum(widths.get(name, UNKNOWN_WIDTH) for name in columns)
    return wanted <= min(WIDEST, LARGEST_SHARE * sum(widths.values()))


def _width(table: Table, name: str) -> int:
    column = table.column(name)
    statistics = column.statistics if column is not None else None
    return statistics.average_width if statistics is not None else UNKNOWN_WIDTH


def _key_parts(table: TableFacts, limits: Limits) -> Iterator[Proposal]:
    """The narrow keys that find the rows, the most promising first."""
    equal = arrangements(table, (*table.equal, *table.listed))[0]
    bound = arrangements(table, table.equal)[0]
    room = limits.max_width - 1
    if table.sorts and room:
        yield ordered(table, bound[:room], table.sorts[: limits.max_width - len(bound[:room])])
    for ranged in table.ranges[:2]:
        yield plain(table, (*fit((n for n in equal if n != ranged), room), ranged))
    for column in table.driven:
        some = fit((name for name in equal if name != column), room)
        yield plain(table, (column, *some))
        if some:
            yield plain(table, (*some, column))
        for other in table.driven:
            if other != column and room:
                yield plain(table, (column, other))
    if equal:
        yield plain(table, fit(equal, limits.max_width))
    grouped = [name for name in table.group if name not in equal]
    if grouped and len(grouped) <= limits.max_width:
        yield plain(table, grouped)
    for column in table.joins:
        yield plain(table, (column,))
