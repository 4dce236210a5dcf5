"""The nearest few by distance: a GiST index hands rows out in the order of ``place <-> point``, and LIMIT stops early.

https://www.postgresql.org/docs/18/gist.html#GIST-BUILTIN-OPCLASSES. Without a LIMIT every row is wanted, and a sort is as good.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import StatementFacts
from indexical.candidates.proposal import Proposal
from indexical.candidates.rules.trigram import EXTENSION
from indexical.candidates.settling import settled
from indexical.candidates.special import in_extension, keyed, served, with_opclass
from indexical.model import Catalog, Limits, Refusal

_SHAPES = frozenset({"point", "box", "circle", "polygon"})
_TEXTS = frozenset({"text", "character varying"})
_DEFAULTS = ("", "point_ops", "box_ops", "circle_ops", "poly_ops")


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal | Refusal]:
    if "gist" not in limits.kinds:
        return
    for table in facts.tables:
        for search in settled(table, facts.statement) if table.searches and table.limited else ():
            if search.kind != "nearest":
                continue
            if search.type in _SHAPES and not served(table, search.key, "gist", _DEFAULTS):
                yield keyed(table, (with_opclass(search.key, ""),), method="gist", bound=0)
            elif search.type in _TEXTS and not served(table, search.key, "gist", ("gist_trgm_ops",)):
                yield in_extension(table, search, EXTENSION, "gist_trgm_ops", "gist", catalog)
