"""Why an index must stay whatever its scans say: the one place that decides it, for advice and for a drop alike.

None of these shows in a counter of scans. A unique index is checked without one, ``ON CONFLICT`` names it
(https://www.postgresql.org/docs/18/sql-insert.html#SQL-ON-CONFLICT), and a join to unique rows may be left out of a plan
altogether; the check of a foreign key scans an index only when a referenced row goes
(https://www.postgresql.org/docs/18/ddl-constraints.html#DDL-CONSTRAINTS-FK); ANALYZE keeps statistics of an expression only
for an index or a statistics object that holds it (https://www.postgresql.org/docs/18/sql-analyze.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexical.model.catalog import Table
from indexical.model.index import ExistingIndex, Index
from indexical.model.sqltext import normalised


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around an index that is to go."""

    foreign_keys: tuple[tuple[str, ...], ...] = ()
    """The columns of each foreign key of its table."""
    staying: tuple[Index, ...] = ()
    """The indexes of its table that stay, or that are built before it goes."""
    expressions: tuple[str, ...] = ()
    """Expressions of the table that a statistics object (``CREATE STATISTICS``) keeps figures of."""


def surroundings(table: Table, staying: Iterable[Index]) -> Surroundings:
    """Those of a catalog's table; of the indexes that stay only its own count."""
    own = tuple(sorted(i for i in staying if (i.schema, i.table) == (table.schema, table.name)))
    return Surroundings(
        tuple(key.columns for key in table.foreign_keys),
        own,
        tuple(expression for each in table.extended_statistics for expression in each.expressions),
    )


def needed_by(existing: ExistingIndex, around: Surroundings | None = None) -> str:
    """Why the index must not be dropped; empty when nothing but reads needs it.

    Without its surroundings only what the index says of itself is known.
    """
    own = _own(existing)
    if own or around is None:
        return own
    key = _foreign_key(existing.index, around)
    if key:
        return f"it is the only index that finds rows by the foreign key ({', '.join(key)}), whose checks no scan shows"
    expression = _expression(existing.index, around)
    if expression:
        return f"the planner's statistics of the expression {expression} are kept for it alone"
    return ""


def _own(existing: ExistingIndex) -> str:
    name = existing.constraint_name or existing.name
    reasons = (
        (existing.constraint, f"it backs the {existing.constraint} constraint {name}"),
        (existing.foreign_key_target, "a foreign key refers to it"),
        (existing.replica_identity, "it is the table's replica identity"),
        (existing.index.unique, "it is unique: it guards the rows, and ON CONFLICT and joins may rely on it"),
        (existing.clustered, "the table is clustered on it"),
        (existing.parent, f"it is a part of the partitioned index {existing.parent}"),
        (existing.partitioned, "it is the index of a partitioned table: its parts would go with it"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _foreign_key(index: Index, around: Surroundings) -> tuple[str, ...]:
    """The columns of a foreign key that no other index leads on."""
    for columns in around.foreign_keys:
        if leads_on(index, columns) and not any(leads_on(other, columns) for other in around.staying):
            return columns
    return ()


def _expression(index: Index, around: Surroundings) -> str:
    """An expression key of which nothing else keeps statistics."""
    known = set(_spelled(around.expressions))
    for other in around.staying:
        known.update(_spelled([key.expression for key in other.keys if key.expression]))
    for key in index.keys:
        if key.expression and normalised(key.expression) not in known:
            return key.expression
    return ""


def _spelled(expressions: Sequence[str]) -> Iterable[str]:
    return (normalised(expression) for expression in expressions)


def leads_on(index: Index, columns: tuple[str, ...]) -> bool:
    """Whether the index finds rows by these columns, as the check of a foreign key does."""
    leading = {key.column for key in index.keys[: len(columns)] if not key.opclass}
    return index.method == "btree" and not index.predicate and leading == set(columns)
