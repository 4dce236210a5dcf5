"""The sort keys alone: a whole table in order, filtered on the way, until LIMIT is reached.

https://www.postgresql.org/docs/18/indexes-ordering.html. Whether reading in order beats sorting is the planner's to say; only
a statement that wants all rows with some value is not asked about, since it finds those through the value. Behind the sort
keys a range filters rows before the table is visited.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts
from indexical.candidates.proposal import Proposal, filters, ordered
from indexical.model import Catalog, Limits


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        if not table.sorts or (table.equal and not table.limited):
            continue
        yield ordered(table, (), table.sorts[: limits.max_width])
        if len(table.sorts) > 1:
            yield ordered(table, (), table.sorts[:1])
        after = filters(table, limits.max_width - len(table.sorts))
        if table.limited and after:
            yield ordered(table, (), table.sorts, after=after)
