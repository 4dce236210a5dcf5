"""Documents that contain something: a GIN index on jsonb or hstore.

https://www.postgresql.org/docs/18/datatype-json.html#JSON-INDEXING: ``jsonb_path_ops`` is smaller and answers ``@>``,
``@?`` and ``@@``; whether a key exists (``?``, ``?|``, ``?&``) takes the default class, which answers the others too.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import Search, StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal
from indexical.candidates.settling import settled
from indexical.candidates.special import keyed, served, with_opclass
from indexical.model import Catalog, Limits

PATHS = "jsonb_path_ops"
_DEFAULTS = ("", "jsonb_ops", "gin_hstore_ops")
_ANSWERED = {"contains": (PATHS, *_DEFAULTS), "path": (PATHS, *_DEFAULTS), "words": (PATHS, *_DEFAULTS)}


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    if "gin" not in limits.kinds:
        return
    for table in facts.tables:
        if not table.searches:
            continue
        found = settled(table, facts.statement)
        for search in found:
            if search.type == "jsonb":
                yield from _of_jsonb(table, search)
            elif search.type.rpartition(".")[2] == "hstore" and search.kind in ("contains", "has"):
                yield from _of_default(table, search)


def _of_jsonb(table: TableFacts, search: Search) -> Iterator[Proposal]:
    if search.kind in _ANSWERED:
        if not served(table, search.key, "gin", _ANSWERED[search.kind]):
            yield keyed(table, (with_opclass(search.key, PATHS),), method="gin")
    elif search.kind == "has":
        yield from _of_default(table, search)


def _of_default(table: TableFacts, search: Search) -> Iterator[Proposal]:
    if not served(table, search.key, "gin", _DEFAULTS):
        yield keyed(table, (with_opclass(search.key, ""),), method="gin")
