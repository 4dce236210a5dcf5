"""Full-text search: GIN on a stored ``tsvector``, or on the very ``to_tsvector('english', ...)`` that the statement computes.

https://www.postgresql.org/docs/18/textsearch-indexes.html. Only with the configuration written out: without it the function
depends on a setting and cannot be indexed.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts
from indexical.candidates.proposal import Proposal
from indexical.candidates.settling import settled
from indexical.candidates.special import keyed, served, with_opclass
from indexical.model import Catalog, Limits


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    if "gin" not in limits.kinds:
        return
    for table in facts.tables:
        for search in settled(table, facts.statement) if table.searches else ():
            wanted = search.kind == "words" and search.type == "tsvector"
            if wanted and not served(table, search.key, "gin", ("", "tsvector_ops")):
                yield keyed(table, (with_opclass(search.key, ""),), method="gin")
