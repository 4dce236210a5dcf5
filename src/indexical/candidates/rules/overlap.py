"""Ranges and networks that overlap, contain or touch: a GiST index.

https://www.postgresql.org/docs/18/rangetypes.html#RANGETYPES-INDEXING, and for networks ``inet_ops``, which is never the default
(https://www.postgresql.org/docs/18/gist.html#GIST-BUILTIN-OPCLASSES).
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import Search, StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal
from indexical.candidates.settling import settled
from indexical.candidates.special import RANGE_TYPES, keyed, served, with_opclass
from indexical.model import Catalog, Limits

_OF_RANGES = frozenset({"contains", "contained", "overlaps", "adjacent"})
_OF_NETWORKS = frozenset({"contains", "contained", "overlaps"})
_NETWORKS = frozenset({"inet", "cidr"})
_SHAPES = frozenset({"box", "circle", "polygon"})


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    if "gist" not in limits.kinds:
        return
    own = {text for each in catalog.ranges for text in (each.name, f"{each.schema}.{each.name}")}
    for table in facts.tables:
        for search in settled(table, facts.statement) if table.searches else ():
            ranged = search.type in RANGE_TYPES or search.type in own
            if ranged and search.kind in _OF_RANGES:
                yield from _proposed(table, search, "", ("", "range_ops", "multirange_ops"))
            elif search.type in _NETWORKS and search.kind in _OF_NETWORKS:
                yield from _proposed(table, search, "inet_ops", ("inet_ops",))
            elif search.type in _SHAPES and search.kind in _OF_NETWORKS:
                yield from _proposed(table, search, "", ("", "box_ops", "circle_ops", "poly_ops"))
            elif search.type == "point" and search.kind == "contained":
                yield from _proposed(table, search, "", ("", "point_ops"))


def _proposed(table: TableFacts, search: Search, opclass: str, others: tuple[str, ...]) -> Iterator[Proposal]:
    if not served(table, search.key, "gist", others):
        yield keyed(table, (with_opclass(search.key, opclass),), method="gist")
