"""The sort keys alone: a whole table in order, filtered on the way, until LIMIT is reached.

https://www.postgresql.org/docs/18/indexes-ordering.html. Whether reading in order beats sorting is the planner's to say; only
a statement that wants all rows with some value is not asked about, since it finds those through the value.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts
from indexical.candidates.proposal import Proposal, ordered
from indexical.model import Catalog, Limits


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        if not table.sorts or (table.equal and not table.limited):
            continue
        yield ordered(table, (), table.sorts[: limits.max_width])
        if len(table.sorts) > 1:
            yield ordered(table, (), table.sorts[:1])
