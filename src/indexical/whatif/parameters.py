"""Which parameter values a statement is planned with.

A plan depends on the values: ``status = $1`` may match 80 % of a table or one row. Few samples have to stand for many calls, and
a value that was left out of the workload is taken from the column's statistics, because planning with NULL in its place
would make every comparison look as if it matched nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from indexical.model import Catalog, Column, Parameters, Statement, Table
from indexical.whatif.arrays import array_text, elements

SAMPLES = 4
"""Samples that are planned for each statement."""

PAGE_ROWS = "20"
"""LIMIT of a statement whose own is unknown."""

_MAX_SQL = 100_000
_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$(?P<number>\d{1,5})(?!\d)""", re.DOTALL
)
"""Placeholders, and what must be stepped over because it may look like one."""

_NAME = "indexical_"
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


@dataclass(frozen=True, slots=True)
class Sample:
    parameters: Parameters
    weight: float
    """Share of the calls that it stands for; the weights of a statement's samples sum to 1."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a placeholder stands, as far as that tells which values fit."""

    kind: str
    """column | array | limit | offset | written | unknown"""
    column: Column | None = None
    rank: int = 0
    """Position among several placeholders compared with one column, so that they get different values."""


def choose_samples(statement: Statement, catalog: Catalog, limit: int = SAMPLES) -> tuple[Sample, ...]:
    """The samples to plan; one with no values means a generic plan."""
    count = placeholder_count(statement)
    if count == 0:
        return (Sample((), 1.0),)
    seen = [
        (parameters, weight)
        for parameters, weight in _distinct(statement)
        if len(parameters) == count or not parameters
    ]
    places = None
    result: list[Sample] = []
    for parameters, weight in _spread(seen, limit) or [((None,) * count, 1.0)]:
        values = parameters or (None,) * count
        if None not in values:
            result.append(Sample(values, weight))
            continue
        places = places if places is not None else _places(statement, catalog, count)
        result.extend(_filled(statement, values, weight, places))
    return _merged(result)


def placeholder_count(statement: Statement) -> int:
    """How many ``$n`` the statement has."""
    if statement.types:
        return len(statement.types)
    return max((int(m["number"]) for m in _TOKEN.finditer(statement.sql) if m["number"]), default=0)


def _named(sql: str) -> str:
    """The statement with ``:name`` for each ``$n``: sqlglot takes ``$1, $2`` for a dollar-quoted string."""
    return _TOKEN.sub(lambda m: f":{_NAME}{m['number']}" if m["number"] else m[0], sql)


def _distinct(statement: Statement) -> list[tuple[Parameters, float]]:
    weights = (
        statement.sample_weights
        if len(statement.sample_weights) == len(statement.samples)
        else (1.0,) * len(statement.samples)
    )
    merged: dict[Parameters, float] = {}
    for parameters, weight in zip(statement.samples, weights, strict=True):
        merged[parameters] = merged.get(parameters, 0.0) + max(weight, 0.0)
    return list(merged.items())


def _spread(seen: list[tuple[Parameters, float]], limit: int) -> list[tuple[Parameters, float]]:
    """At most ``limit`` samples: the heaviest half for themselves, the others evenly spaced to stand for the rest."""
    total = sum(weight for _, weight in seen)
    if not seen or total <= 0:
        return [(parameters, 1.0 / len(seen[:limit])) for parameters, _ in seen[:limit]]
    if len(seen) <= limit:
        return [(parameters, weight / total) for parameters, weight in seen]
    mean = total / len(seen)
    order = sorted(range(len(seen)), key=lambda position: (-seen[position][1], position))
    heavy = [position for position in order[: limit // 2] if seen[position][1] > mean]
    rest = [position for position in range(len(seen)) if position not in heavy]
    places = limit - len(heavy)
    spaced = sorted({rest[round(step * (len(rest) - 1) / max(places - 1, 1))] for step in range(places)})
    rest_weight = sum(seen[position][1] for position in rest)
    chosen = [(position, seen[position][1] / total) for position in heavy]
    chosen += [(position, rest_weight / total / len(spaced)) for position in spaced]
    return [(seen[position][0], weight) for position, weight in sorted(chosen)]


def _filled(
    statement: Statement, values: Parameters, weight: float, places: dict[int, _Place]
) -> list[Sample]:
    """The sample with its missing values filled in: once with common values, once with middle ones."""
    variants: list[Parameters] = []
    for common in (True, False):
        filled: list[str | None] = []
        for position, value in enumerate(values, start=1):
            place = places.get(position, _Place("unknown"))
            found = value if value is not None else _value(statement, place, common)
            if found is None and place.kind != "written":
                return [Sample((), weight)]
            filled.append(found)
        if tuple(filled) not in variants:
            variants.append(tuple(filled))
    return [Sample(variant, weight / len(variants)) for variant in variants]


def _value(statement: Statement, place: _Place, common: bool) -> str | None:
    if place.kind == "limit":
        return str(max(1, round(statement.rows))) if statement.rows > 0 else PAGE_ROWS
    if place.kind == "offset":
        return "0"
    if place.column is None:
        return None
    value = typical_value(place.column, common=common, rank=place.rank)
    return array_text([value]) if place.kind == "array" and value is not None else value


def typical_value(column: Column, *, common: bool, rank: int = 0) -> str | None:
    """A value that the column holds: its ``rank``-th most common one, or one around the middle of its histogram."""
    statistics = column.statistics
    if statistics is None:
        return None
    frequent = [value for value in elements(statistics.common_values) if value is not None]
    histogram = [value for value in elements(statistics.histogram) if value is not None]
    middle = histogram[(len(histogram) // 2 + rank) % len(histogram)] if histogram else None
    if common and frequent:
        return frequent[rank % len(frequent)]
    return middle if middle is not None else (frequent[-1 - rank % len(frequent)] if frequent else None)


def _merged(samples: list[Sample]) -> tuple[Sample, ...]:
    merged: dict[Parameters, Sample] = {}
    for sample in samples:
        before = merged.get(sample.parameters)
        merged[sample.parameters] = (
            sample if before is None else replace(sample, weight=sample.weight + before.weight)
        )
    return tuple(merged.values())


def _places(statement: Statement, catalog: Catalog, count: int) -> dict[int, _Place]:
    if len(statement.sql) > _MAX_SQL:
        return {}
    try:
        tree = sqlglot.parse_one(_named(statement.sql), read="postgres")
    except (SqlglotError, RecursionError):
        return {}
    tables = _tables(tree, catalog)
    places: dict[int, _Place] = {}
    seen: dict[str, int] = {}
    for node in tree.find_all(exp.Placeholder):
        number = _number(node)
        if not 1 <= number <= count or number in places:
            continue
        place = _place(node, tables)
        if place.column is not None:
            key = place.column.name
            place = replace(place, rank=seen.get(key, 0))
            seen[key] = place.rank + 1
        places[number] = place
    return places


def _number(node: exp.Placeholder) -> int:
    return int(node.name.removeprefix(_NAME)) if node.name.startswith(_NAME) else 0


def _tables(tree: exp.Expr, catalog: Catalog) -> dict[str, Table]:
    """Tables of the statement by the name or alias that columns use."""
    found: dict[str, Table] = {}
    for node in tree.find_all(exp.Table):
        schema = node.db
        table = next(
            (t for t in catalog.tables if t.name == node.name and (t.schema == schema if schema else True)),
            None,
        )
        if table is not None:
            found.setdefault(node.alias_or_name, table)
    return found


def _place(node: exp.Placeholder, tables: dict[str, Table]) -> _Place:
    inner: exp.Expr = node
    while isinstance(inner.parent, (exp.Cast, exp.Paren)):
        inner = inner.parent
    parent = inner.parent
    if isinstance(parent, exp.Limit):
        return _Place("limit")
    if isinstance(parent, exp.Offset):
        return _Place("offset")
    if _is_written(inner):
        return _Place("written")
    if isinstance(parent, exp.Any):
        return _compared(parent, tables, "array")
    return _compared(inner, tables, "column")


def _is_written(node: exp.Expr) -> bool:
    """Whether the value is stored and not compared: in VALUES, or on the right of a SET."""
    above = node.parent
    if isinstance(above, exp.EQ) and isinstance(above.parent, exp.Update) and above.arg_key == "expressions":
        return True
    return isinstance(node.find_ancestor(exp.Values, exp.Where), exp.Values)


def _compared(node: exp.Expr, tables: dict[str, Table], kind: str) -> _Place:
    """The column that the node is compared with."""
    parent = node.parent
    other: object = None
    if isinstance(parent, _COMPARISONS):
        other = parent.right if parent.left is node else parent.left
    elif isinstance(parent, (exp.In, exp.Between)) and parent.this is not node:
        other = parent.this
    while isinstance(other, (exp.Paren, exp.Cast)):
        other = other.this
    if not isinstance(other, exp.Column):
        return _Place("unknown")
    if other.table:
        table = tables.get(other.table)
        column = table.column(other.name) if table is not None else None
    else:
        column = next((c for t in tables.values() if (c := t.column(other.name)) is not None), None)
    return _Place(kind, column) if column is not None else _Place("unknown")
