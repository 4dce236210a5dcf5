"""Arrays that have an element, contain others or overlap with them: a GIN index over their elements.

https://www.postgresql.org/docs/18/indexes-types.html#INDEXES-TYPES-GIN. ``$1 = ANY (tags)`` is not answered by it, as
PostgreSQL does not turn it into ``tags @> ARRAY[$1]``; so nothing is proposed for that.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts
from indexical.candidates.proposal import Proposal
from indexical.candidates.settling import settled
from indexical.candidates.special import keyed, served, with_opclass
from indexical.model import Catalog, Limits

_KINDS = frozenset({"contains", "contained", "overlaps"})


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    if "gin" not in limits.kinds:
        return
    for table in facts.tables:
        for search in settled(table, facts.statement) if table.searches else ():
            wanted = search.kind in _KINDS and search.type.endswith("[]")
            if wanted and not served(table, search.key, "gin", ("", "array_ops", "gin__int_ops")):
                yield keyed(table, (with_opclass(search.key, ""),), method="gin")
