"""Expressions that are compared, sorted or grouped by, as B-tree keys: alone, and with the columns bound to one value.

https://www.postgresql.org/docs/18/indexes-expressional.html. Django compares without regard to case by ``UPPER(name::text)``,
reads JSON keys by ``data ->> 'key'`` and parts of dates by ``EXTRACT`` and ``DATE_TRUNC``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from indexical.candidates.facts import Search, StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal, arrangements, fit
from indexical.candidates.rarity import RARE, rarities
from indexical.candidates.settling import settled, settled_keys
from indexical.candidates.special import ORDERED_TYPES, keyed
from indexical.model import Catalog, Key, Limits, Statement

_KINDS = frozenset({"equal", "list", "range", "join"})


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        if not (table.searches or table.sort_keys or table.group_keys):
            continue
        found = [s for s in settled(table, facts.statement) if s.key.expression and s.kind in _KINDS]
        usable = [search for search in found if search.type in ORDERED_TYPES]
        for search in usable:
            yield from _searched(table, search, limits)
        yield from _together(table, usable, limits)
        yield from _sorted(table, usable, facts.statement, limits)
        yield from _grouped(table, facts.statement, limits)
        yield from _partial(table, usable, facts.statement)


def _columns(names: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(Key.asc(name) for name in names)


def _searched(table: TableFacts, search: Search, limits: Limits) -> Iterator[Proposal]:
    """The expression alone; behind the columns bound to a value; and before them where it is bound itself."""
    yield keyed(table, (search.key,))
    if limits.max_width < 2:
        return
    for arranged in arrangements(table, (*table.equal, *table.listed)):
        for width in range(1, min(len(arranged), limits.max_width - 1) + 1):
            columns = _columns(fit(arranged, width))
            yield keyed(table, (*columns, search.key))
            if search.kind != "range":
                yield keyed(table, (search.key, *columns))
    if search.kind == "range":
        return
    for ranged in table.ranges:
        yield keyed(table, (search.key, Key.asc(ranged)))


def _together(table: TableFacts, searches: list[Search], limits: Limits) -> Iterator[Proposal]:
    """Several expressions bound to a value each, a range last."""
    bound = sorted({search.key for search in searches if search.kind in ("equal", "list")})
    ranged = sorted({search.key for search in searches if search.kind == "range"} - set(bound))
    if len(bound) > 1 and limits.max_width > 1:
        yield keyed(table, bound[: limits.max_width])
    if bound and ranged and limits.max_width > 1:
        yield keyed(table, (bound[0], ranged[0]))


def _sorted(
    table: TableFacts, searches: list[Search], statement: Statement, limits: Limits
) -> Iterator[Proposal]:
    keys = settled_keys(table.sort_keys, statement) or tuple(
        Key(column=s.column, descending=s.descending, nulls_first=s.nulls_first) for s in table.sorts
    )
    bound = sorted({search.key for search in searches if search.kind == "equal"})
    fixed = {key.expression for key in bound}
    keys = tuple(k for k in keys if k.column not in table.equal and k.expression not in fixed - {""})
    if not keys:
        return
    # A B-tree is read both ways, so the first sort key is written ascending and the others turn with it.
    turn = keys[0].descending
    keys = tuple(replace(k, descending=k.descending != turn, nulls_first=k.nulls_first != turn) for k in keys)
    if any(key.expression for key in keys):
        if table.limited or not (table.equal or bound):
            yield keyed(table, keys[: limits.max_width], bound=0)
        for arranged in arrangements(table, table.equal):
            head = _columns(fit(arranged, limits.max_width - 1))
            if head:
                yield keyed(table, (*head, *keys)[: limits.max_width], bound=len(head))
    for key in bound:
        if limits.max_width > 1:
            yield keyed(table, (key, *keys)[: limits.max_width], bound=1)


def _grouped(table: TableFacts, statement: Statement, limits: Limits) -> Iterator[Proposal]:
    keys = settled_keys(table.group_keys, statement)
    if not keys or len(keys) != len(table.group_keys) or len(keys) > limits.max_width:
        return
    yield keyed(table, keys)
    head = _columns(fit(arrangements(table, table.equal)[0], limits.max_width - len(keys)))
    if head:
        yield keyed(table, (*head, *keys))


def _partial(table: TableFacts, searches: list[Search], statement: Statement) -> Iterator[Proposal]:
    rare = [each for each in rarities(table, statement) if each.share <= RARE]
    for each in rare:
        for search in searches:
            if each.column not in search.columns:
                yield keyed(table, (search.key,), predicate=each.predicate)
