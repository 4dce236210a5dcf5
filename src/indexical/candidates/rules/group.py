"""GROUP BY, DISTINCT and DISTINCT ON: rows that come sorted need no hash table, and an index-only scan reads fewer pages."""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts
from indexical.candidates.proposal import Proposal, arrangements, fit, plain
from indexical.model import Catalog, Limits


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        grouped = [name for name in table.group or table.distinct_on if name not in table.equal]
        if not grouped:
            continue
        if len(grouped) <= limits.max_width:
            yield plain(table, grouped)
        for arranged in arrangements(table, table.equal):
            room = limits.max_width - len(grouped)
            if arranged and room > 0:
                yield plain(table, (*fit(arranged, room), *grouped))
