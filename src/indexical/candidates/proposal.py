"""A rule's answer, and the ways of putting columns into an order that several rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from indexical.candidates.facts import Sort, StatementFacts, TableFacts
from indexical.model import Catalog, Column, Index, Key, Limits, Refusal


@dataclass(frozen=True, slots=True, order=True)
class Proposal:
    index: Index
    bound: int
    """How many leading keys the asking statement never sorts by: their direction cannot be told from the outside."""


Rule = Callable[[StatementFacts, Catalog, Limits], Iterator[Proposal | Refusal]]
"""A rule answers with indexes; with a refusal where it would have one if the database were another."""


def plain(facts: TableFacts, columns: Iterable[str], predicate: str = "") -> Proposal:
    """An ascending B-tree none of whose keys has to deliver an order."""
    keys = tuple(Key.asc(column) for column in columns)
    return Proposal(Index(facts.table.schema, facts.table.name, keys, predicate=predicate), len(keys))


def ordered(
    facts: TableFacts,
    bound: Iterable[str],
    sorts: Iterable[Sort],
    predicate: str = "",
    *,
    after: Iterable[str] = (),
) -> Proposal:
    """Columns bound to one value, then sort keys, then columns that only filter.

    A B-tree is read both ways, so the first sort key is written ascending and the others turn with it.
    """
    sorting = tuple(sorts)
    turn = bool(sorting) and sorting[0].descending
    head = tuple(Key.asc(column) for column in bound)
    middle = tuple(
        Key(column=sort.column, descending=sort.descending != turn, nulls_first=sort.nulls_first != turn)
        for sort in sorting
    )
    tail = tuple(Key.asc(column) for column in after)
    return Proposal(
        Index(facts.table.schema, facts.table.name, head + middle + tail, predicate=predicate), len(head)
    )


def arrangements(facts: TableFacts, columns: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The orders worth asking about for columns that are all compared with ``=``: at most three.

    The most selective first; the one that most of the workload shares first; one that goes on from an existing index.
    """
    wanted = sorted(set(columns))
    if len(wanted) < 2:
        return (tuple(wanted),)
    shared = dict(facts.shared)
    missing = {term.column for term in facts.terms if term.kind == "null"}
    values = {name: _times(facts, name) if name in missing else distinct(facts, name) for name in wanted}
    begun = {
        entry.index.keys[0].column
        for entry in facts.table.indexes
        if entry.valid and entry.index.method == "btree"
    }
    selective = tuple(sorted(wanted, key=lambda name: (-values[name], name)))
    popular = tuple(sorted(wanted, key=lambda name: (-shared.get(name, 0.0), -values[name], name)))
    existing = tuple(sorted(wanted, key=lambda name: (name not in begun, -values[name], name)))
    return tuple(dict.fromkeys((selective, popular, existing)))


def distinct(facts: TableFacts, name: str) -> float:
    """Distinct values of a column as its statistics have it; a guess by type where there are none."""
    column = facts.table.column(name)
    rows = max(facts.table.rows, 1.0)
    if column is None:
        return 1.0
    statistics = column.statistics
    if statistics is not None and statistics.distinct > 0:
        return statistics.distinct
    if statistics is not None and statistics.distinct < 0:
        return -statistics.distinct * rows
    return 2.0 if is_boolean(column) else rows / 10


def _times(facts: TableFacts, name: str) -> float:
    """How many times fewer rows have no value in the column than the table has: what ``IS NULL`` is worth."""
    column = facts.table.column(name)
    statistics = column.statistics if column is not None else None
    return 1.0 / max(statistics.null_fraction, 1e-9) if statistics is not None else 2.0


def is_boolean(column: Column | None) -> bool:
    return column is not None and column.type == "boolean"


def filters(facts: TableFacts, room: int) -> tuple[str, ...]:
    """Columns cut into ranges, and not sorted by, that fit behind sort keys; none where there is no room."""
    sorted_by = {sort.column for sort in facts.sorts}
    return tuple(name for name in facts.ranges if name not in sorted_by)[: max(room, 0)]


def fit(columns: Iterable[str], width: int) -> tuple[str, ...]:
    """The first ``width`` columns, each once."""
    return tuple(dict.fromkeys(columns))[:width]
