"""When one index can do another one's work: the only place that judges duplicates, prefixes and redundancy.

``covers(a, b)`` is a partial order up to :func:`equivalent`: every scan ``b`` can serve and every guarantee ``b`` gives, ``a``
gives too. The rules are those of PostgreSQL's B-tree (https://www.postgresql.org/docs/18/indexes-multicolumn.html,
https://www.postgresql.org/docs/18/indexes-ordering.html): a prefix of the keys serves the same scans, and a B-tree is read
in both directions, so a list of keys and its complete reversal are the same order. Hash, GIN, GiST, SP-GiST and BRIN
indexes have no such prefix; they only cover their equals.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from indexical.model.index import Index, Key
from indexical.model.sqltext import normalised


def covers(a: Index, b: Index) -> bool:
    """Whether ``a`` can replace ``b`` for everything: scans, orders, index-only reads and uniqueness."""
    if not _same_kind(a, b) or not _guarantees(a, b):
        return False
    if a.method != "btree":
        return canonical(a) == canonical(b)
    mine, theirs = _keys(a), _keys(b)
    prefix = mine[: len(theirs)]
    return _holds_include(a, b) and (theirs == prefix or _reversed(theirs) == prefix)


def equivalent(a: Index, b: Index) -> bool:
    """Whether each can replace the other."""
    return covers(a, b) and covers(b, a)


def serves_same_scans(a: Index, b: Index, bound: int) -> bool:
    """Whether ``a`` serves the scans ``b`` was made for, when the first ``bound`` keys of ``b`` never decide an order.

    Looser than :func:`covers`: the direction and the NULLs' place of a key that is compared with ``=`` (or that is the last
    one and only ever cut into ranges) cannot be told from the outside. With ``bound`` 0 the two functions agree on B-trees that
    guarantee nothing.
    """
    if not _same_kind(a, b) or not _guarantees(a, b) or a.method != "btree" or not _holds_include(a, b):
        return covers(a, b)
    mine, theirs = _keys(a)[: len(b.keys)], _keys(b)
    if len(mine) < len(theirs):
        return False
    if tuple(map(_undirected, mine[:bound])) != tuple(map(_undirected, theirs[:bound])):
        return False
    rest = theirs[bound:]
    return mine[bound:] in (rest, _reversed(rest))


@lru_cache(maxsize=65536)
def canonical(index: Index) -> Index:
    """The one spelling that all equivalent indexes share: normalised texts, first key ascending, include sorted."""
    keys = _keys(index)
    if index.method == "btree":
        keys = min(keys, _reversed(keys))
    spare = set(index.include) - (set(index.columns) if index.method == "btree" else set())
    return replace(index, keys=keys, include=tuple(sorted(spare)), predicate=normalised(index.predicate))


def _same_kind(a: Index, b: Index) -> bool:
    """The same rows of the same table in the same structure.

    An index over all rows can answer what a partial one answers, but not by reading only those rows, which is what a partial
    index is for; so neither replaces the other.
    """
    if (a.schema, a.table, a.method) != (b.schema, b.table, b.method):
        return False
    return a.predicate == b.predicate or normalised(a.predicate) == normalised(b.predicate)


def _guarantees(a: Index, b: Index) -> bool:
    """Uniqueness over fewer or more columns, or over fewer rows, is another promise."""
    return not b.unique or (a.unique and len(a.keys) == len(b.keys))


def _holds_include(a: Index, b: Index) -> bool:
    """Index-only reads of ``b`` can be answered from ``a``: a key column gives its value back as an included one does."""
    return set(b.include) <= {*a.include, *a.columns}


@lru_cache(maxsize=65536)
def _keys(index: Index) -> tuple[Key, ...]:
    return tuple(
        replace(
            key,
            expression=normalised(key.expression),
            opclass=key.opclass.removeprefix("pg_catalog."),
            collation=key.collation.removeprefix("pg_catalog."),
        )
        for key in index.keys
    )


def _reversed(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    return tuple(replace(key, descending=not key.descending, nulls_first=not key.nulls_first) for key in keys)


def _undirected(key: Key) -> Key:
    return replace(key, descending=False, nulls_first=False)
