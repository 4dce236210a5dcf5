"""Which constants are rare enough for a partial index, by the column statistics that PostgreSQL keeps.

``most_common_vals`` and ``most_common_freqs`` of https://www.postgresql.org/docs/18/view-pg-stats.html. A partial index serves
only statements with exactly its constant (https://www.postgresql.org/docs/18/indexes-partial.html), so a value counts as a
constant only when it is written in the SQL or has never been seen to vary; and only on columns that hold a few kinds of things,
never on keys, where a value that did not vary was merely not varied yet.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from indexical.candidates.facts import StatementFacts, TableFacts, Term
from indexical.candidates.proposal import distinct
from indexical.ddl import quote
from indexical.model import Column, ColumnStatistics, Statement, Table

RARE = 0.10
"""Largest share of the rows that a partial index is asked about for."""
ALIVE = 0.35
"""The same where the constant says which rows are alive at all."""
STEADY_CALLS = 5.0
"""Calls it takes to believe that a parameter does not vary."""
FEW_VALUES = 100.0
"""A column with more distinct values than this does not hold kinds of things."""
VERY_FEW_VALUES = 20.0
"""Up to here one sample, which stands for every call, is enough to believe it."""

RANGE_SHARE = 0.1
"""Of the rows that a range is taken to leave; of its ends nothing is known here."""
LISTED_VALUES = 5.0
"""Values that a list is taken to have."""

_TEXT = re.compile(r"(character varying|character|text|citext)\b")
_WHOLE = frozenset({"smallint", "integer", "bigint"})
_NUMBER = re.compile(r"-?\d{1,18}\Z")


@dataclass(frozen=True, slots=True, order=True)
class Rarity:
    """A condition that a partial index could be built on."""

    predicate: str
    column: str
    share: float
    """Of the table's rows, 0 to 1."""


def rarities(facts: TableFacts, statement: Statement) -> tuple[Rarity, ...]:
    """What is known about the shares of the statement's constant conditions, rare or not, sorted."""
    found = []
    excluding: dict[str, list[Term]] = {}
    for term in facts.terms:
        column = facts.table.column(term.column)
        if column is None or column.statistics is None:
            continue
        if term.kind == "unequal":
            excluding.setdefault(term.column, []).append(term)
        else:
            found.append(_rarity(facts.table, column, column.statistics, term, statement))
    found += [_excluded(facts.table, name, terms, statement) for name, terms in sorted(excluding.items())]
    return tuple(sorted({each for each in found if each is not None}))


def _excluded(table: Table, name: str, terms: list[Term], statement: Statement) -> Rarity | None:
    """``status <> 'done'`` and its like: rare when nearly all rows have one of the excluded values."""
    column = table.column(name)
    if column is None or column.statistics is None or not _holds_kinds(table, column):
        return None
    share = 1.0 - column.statistics.null_fraction
    parts = []
    for value in sorted({constant(term, column, column.statistics, statement) or "" for term in terms}):
        written, without = literal(column, value), share_of(column.statistics, value)
        if not value or written is None or without is None:
            return None
        parts.append(f"{quote(name)} <> {written}")
        share -= without
    return Rarity(" AND ".join(parts), name, max(share, 0.0))


def _rarity(
    table: Table, column: Column, statistics: ColumnStatistics, term: Term, statement: Statement
) -> Rarity | None:
    name = quote(column.name)
    nulls = statistics.null_fraction
    share: float | None = None
    predicate = ""
    if term.kind == "null" and column.nullable:
        share, predicate = nulls, f"{name} IS NULL"
    elif term.kind == "notnull" and column.nullable:
        share, predicate = 1.0 - nulls, f"{name} IS NOT NULL"
    elif term.kind in ("true", "false") and column.type == "boolean":
        share = share_of(statistics, "t" if term.kind == "true" else "f")
        predicate = name if term.kind == "true" else f"NOT {name}"
    elif term.kind == "equal" and _holds_kinds(table, column):
        value = constant(term, column, statistics, statement)
        written = None if value is None else literal(column, value)
        if value is not None and written is not None:
            share, predicate = share_of(statistics, value), f"{name} = {written}"
    return None if share is None else Rarity(predicate, column.name, share)


def constant(term: Term, column: Column, statistics: ColumnStatistics, statement: Statement) -> str | None:
    """The value the condition always has; None when it varies or may vary."""
    if term.literal is not None:
        return term.literal
    if not term.parameter or statement.calls < STEADY_CALLS or not statement.samples:
        return None
    seen = {
        sample[term.parameter - 1] if term.parameter <= len(sample) else None for sample in statement.samples
    }
    few = column.type_kind == "e" or 0 < statistics.distinct <= VERY_FEW_VALUES
    if len(seen) != 1 or (len(statement.samples) < 2 and not few):
        return None
    return seen.pop()


def share_of(statistics: ColumnStatistics, value: str) -> float | None:
    """The share of rows with the value; 0 when every value is listed and this one is not; None when unknown."""
    values = array_items(statistics.common_values)
    if len(values) != len(statistics.common_frequencies):
        return None
    for listed, frequency in zip(values, statistics.common_frequencies, strict=True):
        if listed == value:
            return frequency
    complete = bool(values) and 0 < statistics.distinct <= len(values)
    return 0.0 if complete else None


def literal(column: Column, value: str) -> str | None:
    """The value as an SQL literal that Django can write too; None for types where that is not certain."""
    if column.type in _WHOLE:
        return value if _NUMBER.match(value) else None
    if (_TEXT.match(column.type) or column.type_kind == "e") and "\\" not in value and "\x00" not in value:
        return "'" + value.replace("'", "''") + "'"
    return None


def found_rows(facts: StatementFacts) -> float:
    """About how many rows of any one table the statement reads through an index at most, LIMIT aside; a rough guess.

    A table that is only looked up by a join is read for each of the rows that the conditions find in the others.
    """
    searched = [each for each in facts.tables if each.terms or each.alternatives or not each.driven]
    if not searched:
        return math.inf
    looked_up = [each for each in facts.tables if each.driven]
    return max(map(_found, searched)) * max((1.0, *map(_matches, looked_up)))


def _matches(facts: TableFacts) -> float:
    """Rows of the table for one value of the column it is joined by."""
    return max(1.0, facts.table.rows) / max(1.0, *(distinct(facts, name) for name in facts.driven))


def _found(facts: TableFacts) -> float:
    rows = max(facts.table.rows, 1.0)
    if facts.limited and facts.sorts and not facts.ranges and not facts.listed:
        return 1.0
    share = 1.0
    for name in facts.equal:
        share /= max(distinct(facts, name), 1.0)
    for name in facts.listed:
        share *= min(1.0, LISTED_VALUES / max(distinct(facts, name), 1.0))
    return rows * share * RANGE_SHARE ** (len(facts.ranges) + bool(facts.alternatives))


def _holds_kinds(table: Table, column: Column) -> bool:
    """Whether the column's values are kinds of things (a status) rather than things (a user, an order number)."""
    refers = any(column.name in key.columns for key in table.foreign_keys)
    unique = any(entry.index.unique and entry.index.columns == (column.name,) for entry in table.indexes)
    distinct = column.statistics.distinct if column.statistics else 0.0
    return not refers and not unique and (column.type_kind == "e" or 0 < distinct <= FEW_VALUES)


_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}]+)', re.DOTALL)


def array_items(text: str) -> tuple[str, ...]:
    """The items of a one-dimensional array in PostgreSQL's text form: ``{a,"b c"}``."""
    if not (text.startswith("{") and text.endswith("}")):
        return ()
    return tuple(
        re.sub(r"\\(.)", r"\1", match.group(1)) if match.group(1) is not None else match.group(2)
        for match in _ITEM.finditer(text[1:-1])
    )
