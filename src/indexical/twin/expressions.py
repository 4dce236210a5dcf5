"""Evaluates the expression keys of hypothetical indexes for sample values, and gives them statistics.

PostgreSQL estimates an expression by the statistics of an index that has it as a key, from its first ANALYZE on; without them it
guesses (https://www.postgresql.org/docs/18/indexes-expressional.html). Values are foreign: they are computed with the rights of
the twin's own role, in a read-only transaction with a time limit, and only by functions that PostgreSQL or an extension brought.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from indexical.ddl import collation_sql, quote
from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Column, ColumnStatistics, Index, Key, Table
from indexical.pg.session import Session
from indexical.twin import derived
from indexical.twin.arrays import array
from indexical.twin.derived import Result
from indexical.twin.points import Point, joint, of_column, weighed

_TRIES = 64
"""Queries for one expression, where some values make it fail."""
_SECONDS = 1.0
_LIMIT_MS = 400
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"((?:[^\"]|\"\")*)\"|([^\W\d][\w$]*)")
_UNFIT = frozenset({"d", "c"})
"""Kinds of types whose values call functions of the user's: domains, composite types."""


def columns_in(expression: str, table: Table) -> list[Column]:
    """The table's columns that the expression names, in the table's order."""
    named = set()
    for match in _TOKEN.finditer(expression):
        quoted, bare = match.groups()
        if quoted is not None:
            named.add(quoted.replace('""', '"'))
        elif bare:
            named.add(bare.lower())
    return [column for column in table.columns if column.name in named]


def known_statistics(index: Index, table: Table, position: int) -> ColumnStatistics | None:
    """What the catalog knows of the same expression: from an existing index, or from a statistics object."""
    if position > len(index.keys):
        return None
    text = index.keys[position - 1].expression
    by_name = {existing.name: existing.index for existing in table.indexes}
    for known in table.expression_statistics:
        other = by_name.get(known.index)
        if other is not None and known.position <= len(other.keys):
            same = other.keys[known.position - 1].expression == text
            if same and other.predicate in ("", index.predicate):
                return known.statistics
    for extended in table.extended_statistics:
        for expression, statistics in zip(extended.expressions, extended.expression_statistics, strict=False):
            if expression == text:
                return statistics
    return None


def derive(session: Session, key: Key, table: Table, columns: Sequence[Column]) -> ColumnStatistics | None:
    """Statistics of an expression from those of its columns; None where they hold no values, or it cannot be computed."""
    if not columns or any(column.type_kind in _UNFIT for column in columns):
        return None
    parts = [part for column in columns if (part := of_column(column, table.rows)) is not None]
    if len(parts) < len(columns):
        return None
    points = parts[0] if len(parts) == 1 else joint(parts, table.rows)
    asking = _Asking(session, key, columns)
    fine = asking.taken(points.points)
    if not any(fine):
        return None
    points = points if all(fine) else weighed(points, fine)
    rows = asking.rows(points.points)
    if rows is None:
        return None
    results = [Result(row["value"], float(row["width"] or 0), row["rank"], row["place"]) for row in rows]
    return derived.statistics_of(points, results, table.rows)


class _Asking:
    """One expression's questions, few and short."""

    def __init__(self, session: Session, key: Key, columns: Sequence[Column]) -> None:
        self._session = session
        self._key = key
        self._columns = columns
        self._left = _TRIES
        self._ends = time.monotonic() + _SECONDS
        self._ordered = True
        self._last: tuple[Sequence[Point], list[dict[str, Any]]] | None = None

    def taken(self, points: Sequence[Point]) -> list[bool]:
        """For each point whether the expression takes it."""
        if self.rows(points) is not None:
            return [True] * len(points)
        if len(points) == 1 or self._left <= 0:
            return [False] * len(points)
        middle = len(points) // 2
        return self.taken(points[:middle]) + self.taken(points[middle:])

    def rows(self, points: Sequence[Point]) -> list[dict[str, Any]] | None:
        """What the expression gives; None when it does not take one of them, or there is no time left."""
        if self._last is not None and self._last[0] is points:
            return self._last[1]
        if self._left <= 0 or time.monotonic() > self._ends:
            return None
        self._left -= 1
        try:
            rows = _asked(self._session, self._key, self._columns, points, self._ordered)
        except ConnectionFailed:
            raise
        except DatabaseError as error:
            if error.code == _NO_ORDER and self._ordered:
                # The type has no order, unless it is the expression that is wrong.
                self._ordered = False
                return self.rows(points)
            self._left = 0 if error.code in _HOPELESS else self._left
            return None
        self._last = (points, rows)
        return rows


_NO_ORDER = "42883"
"""There is no such operator."""
_HOPELESS = frozenset({"57014", "42703", "42601", "42883", "25006", "42501"})
"""Out of time, or wrong whatever the values are."""


def _asked(
    session: Session, key: Key, columns: Sequence[Column], batch: Sequence[Point], ordered: bool
) -> list[dict[str, Any]]:
    given = ", ".join(
        f"pg_catalog.unnest({session.literal(_nullable([point.values[place] for point in batch]))}::{column.type}[])"
        for place, column in enumerate(columns)
    )
    names = ", ".join(quote(column.name) for column in columns)
    order = f" COLLATE {collation_sql(key.collation)}" if key.collation else ""
    rank = f"pg_catalog.dense_rank() OVER (ORDER BY e{order})::pg_catalog.int4" if ordered else "0"
    single = quote(columns[0].name) if len(columns) == 1 and ordered else ""
    place = f"pg_catalog.dense_rank() OVER (ORDER BY {single})::pg_catalog.int4" if single else "0"
    sql = (
        f"SELECT pg_catalog.left(e::pg_catalog.text, 20000) AS value, pg_catalog.pg_column_size(e) AS width, {rank} AS rank,"  # noqa: S608
        f" place FROM (SELECT ({key.expression}) AS e, {place} AS place, indexical_n FROM ROWS FROM ({given})"
        f" WITH ORDINALITY AS sample ({names}, indexical_n) OFFSET 0) AS found ORDER BY indexical_n"
    )
    with session.transaction(roll_back=True, one_moment=True):
        session.set("statement_timeout", str(_LIMIT_MS), local=True)
        return session.rows(sql)


def _nullable(values: Sequence[str | None]) -> str:
    return "{" + ",".join("NULL" if value is None else array([value])[1:-1] for value in values) + "}"
