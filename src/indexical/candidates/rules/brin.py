"""BRIN: ranges on a column that lies in the table in its own order, as the time of a log does.

https://www.postgresql.org/docs/18/brin.html. A few pages tell which parts of the table can hold the range, so it costs next to
nothing to keep; it is only as good as the column's correlation, and only on a table too large to be scanned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal
from indexical.model import Catalog, Column, Index, Key, Limits

LEAST_PAGES = 4096
"""Pages of 8 KiB, 32 MiB: 32 entries, each for 128 pages."""
LEAST_CORRELATION = 0.95
"""Between the column's order and the table's, in either direction."""

_MINMAX = re.compile(
    r"(?:smallint|integer|bigint|numeric|real|double precision|oid|character varying|character|text|name|bytea|date|timestamp"
    r"|time|interval|uuid|inet|macaddr8?|bit|bit varying|pg_lsn)\b(?!.*\[\])"
)
"""Types with a minmax operator class."""


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        if table.table.pages < LEAST_PAGES:
            continue
        for name in sorted({*table.ranges, *_in_arms(table)}):
            column = table.table.column(name)
            if column is not None and _in_order(column):
                keys = (Key.asc(name),)
                yield Proposal(Index(table.table.schema, table.table.name, keys, method="brin"), 1)


def _in_arms(table: TableFacts) -> Iterator[str]:
    for arm in table.alternatives:
        yield from (term.column for term in arm if term.kind == "range")


def _in_order(column: Column) -> bool:
    correlation = column.statistics.correlation if column.statistics else None
    fits = column.type_kind == "b" and _MINMAX.match(column.type)
    return bool(fits) and correlation is not None and abs(correlation) > LEAST_CORRELATION
