"""Texts that begin with something: a B-tree whose operator class compares byte by byte finds prefixes in any collation.

https://www.postgresql.org/docs/18/indexes-opclass.html: ``LIKE 'abc%'``, ``^abc`` and ``starts_with`` need ``text_pattern_ops``
and its like unless the collation is C. Whether a parameter is a prefix only its captured values tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import Search, StatementFacts, TableFacts
from indexical.candidates.names import orders_by_bytes
from indexical.candidates.proposal import Proposal, arrangements, fit
from indexical.candidates.settling import is_prefix, patterns, settled
from indexical.candidates.special import keyed, with_opclass
from indexical.model import Catalog, Key, Limits, Statement

_CLASSES = {
    "text": "text_pattern_ops",
    "character varying": "varchar_pattern_ops",
    "character": "bpchar_pattern_ops",
}
_KINDS = frozenset({"like", "regex", "starts"})


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        if not table.searches:
            continue
        for search in settled(table, facts.statement):
            if search.kind in _KINDS and search.type in _CLASSES and is_of_prefixes(search, facts.statement):
                yield from _of_prefix(table, search, catalog, limits)


def is_of_prefixes(search: Search, statement: Statement) -> bool:
    found = patterns(search, statement)
    return bool(found) and not search.escape and all(is_prefix(search.kind, text) for text in found)


def _of_prefix(table: TableFacts, search: Search, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    column = table.table.column(search.columns[0]) if search.columns else None
    plain = orders_by_bytes(catalog, column.collation if column else "")
    # starts_with() is no operator of the pattern classes before PostgreSQL 15, but LIKE is.
    opclass = "" if plain else _CLASSES["text" if search.key.expression else search.type]
    key = with_opclass(search.key, opclass)
    yield keyed(table, (key,))
    if limits.max_width < 2:
        return
    for arranged in arrangements(table, (*table.equal, *table.listed)):
        for width in range(1, min(len(arranged), limits.max_width - 1) + 1):
            yield keyed(table, (*(Key.asc(name) for name in fit(arranged, width)), key))
