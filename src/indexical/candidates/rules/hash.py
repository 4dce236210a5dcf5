"""Hash: long values that are only ever compared with ``=``, such as tokens and digests.

https://www.postgresql.org/docs/18/hash-index.html. An entry holds four bytes of hash however long the value is, so the index is
much smaller than a B-tree where values are long and mostly different. A ``uuid`` is not long: its B-tree is hardly larger. A
column that any statement of the workload sorts, groups, joins or cuts into ranges by stays with the B-tree, which does all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts
from indexical.candidates.proposal import Proposal, distinct
from indexical.model import Catalog, Column, Index, Key, Limits

LEAST_WIDTH = 32
"""Average bytes of the values."""
LEAST_DISTINCT = 0.5
"""Distinct values as a share of the rows: equal hashes make long chains, equal values a small B-tree."""

_TYPE = re.compile(r"(?:character varying|character|text|bytea)\b(?!.*\[\])")


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        compared = {term.column for term in table.terms if term.kind == "equal"}
        for name in sorted(compared - set(table.joins)):
            column = table.table.column(name)
            if column is None or not _is_long(column):
                continue
            if distinct(table, name) >= LEAST_DISTINCT * table.table.rows > 0:
                keys = (Key.asc(name),)
                yield Proposal(Index(table.table.schema, table.table.name, keys, method="hash"), 1)


def _is_long(column: Column) -> bool:
    statistics = column.statistics
    return (
        bool(_TYPE.match(column.type)) and statistics is not None and statistics.average_width >= LEAST_WIDTH
    )
