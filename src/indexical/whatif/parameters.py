"""Which parameter values a statement is planned with.

A plan depends on the values: ``status = $1`` may match 80 % of a table or one row. Few samples have to stand for many calls, and
a value that was left out of the workload is drawn from the column's statistics: common values and rare ones, each with the
weight that it has among the rows (:mod:`indexical.whatif.drawing`). Of values compared for equality the planner knows the common
ones only and takes the others for equally rare, so samples that differ in nothing else are planned once. Planning with NULL in
a value's place would make every comparison look as if it matched nothing; the generic plan, which knows no value, is what is
left when nothing can be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from indexical.model import Catalog, Column, Parameters, Statement, Table
from indexical.whatif.arrays import array_text
from indexical.whatif.drawing import Draw, draw_of, strata, value_class
from indexical.whatif.placeholders import placeholders

SAMPLES = 4
"""Samples that are planned for each statement."""

PAGE_ROWS = "20"
"""LIMIT of a statement whose own is unknown."""

_MAX_SQL = 100_000
_NAME = "indexical_"
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


@dataclass(frozen=True, slots=True)
class Sample:
    parameters: Parameters
    weight: float
    """Share of the calls that it stands for; the weights of a statement's samples sum to 1."""
    drawn: bool = False
    """Values of the statistics are in it, which the workload did not show and no report may."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a placeholder stands, as far as that tells which values fit."""

    kind: str
    """column | array | limit | offset | written | unknown"""
    column: Column | None = None
    rank: int = 0
    """Position among several placeholders compared with one column, so that they get different values."""
    sense: str = "equal"
    """equal | above | below: how the column is compared with the value."""

    @property
    def draw(self) -> Draw | None:
        return draw_of(self.column, self.sense) if self.column is not None else None

    def likeness(self, value: str) -> str:
        """Equal for values that the planner takes to be equally frequent here, whatever else they are."""
        if self.kind == "written":
            return ""
        if self.kind != "column" or self.column is None or self.sense != "equal":
            return value
        return value_class(self.column, value)


def choose_samples(statement: Statement, catalog: Catalog, limit: int = SAMPLES) -> tuple[Sample, ...]:
    """The samples to plan, at most ``limit``; one with no values means a generic plan."""
    count = placeholder_count(statement)
    if count == 0:
        return (Sample((), 1.0),)
    seen = [
        (parameters, weight)
        for parameters, weight in _distinct(statement)
        if len(parameters) == count or not parameters
    ]
    places: dict[int, _Place] | None = None
    if len(seen) > 1:
        places = _places(statement, catalog, count)
        seen = _alike(seen, places)
    chosen = _spread(seen, limit) or [((None,) * count, 1.0)]
    result: list[Sample] = []
    for number, (parameters, weight) in enumerate(chosen):
        values = parameters or (None,) * count
        if None not in values:
            result.append(Sample(values, weight))
            continue
        places = places if places is not None else _places(statement, catalog, count)
        missing = [places.get(n, _Place("unknown")) for n, v in enumerate(values, 1) if v is None]
        # Several samples with gaps share the strata: the first gets the commonest values, the last the rarest.
        shared = [((number + 0.5) / len(chosen), 1.0)]
        points = strata([place.draw for place in missing], limit) if len(chosen) == 1 else shared
        result += [_filled(statement, values, weight * share, places, point) for point, share in points]
    return _merged(result)


def placeholder_count(statement: Statement) -> int:
    """How many ``$n`` the statement has."""
    if statement.types:
        return len(statement.types)
    return max((number for _, _, number in placeholders(statement.sql)), default=0)


def _named(sql: str) -> str:
    """The statement with ``:name`` for each ``$n``: sqlglot takes ``$1, $2`` for a dollar-quoted string."""
    parts, position = [], 0
    for start, end, number in placeholders(sql):
        parts += [sql[position:start], f":{_NAME}{number}"]
        position = end
    return "".join([*parts, sql[position:]])


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


def _alike(seen: list[tuple[Parameters, float]], places: dict[int, _Place]) -> list[tuple[Parameters, float]]:
    """Samples that the planner cannot tell apart as one: the first seen, with the weight of all."""
    first: dict[tuple[str | None, ...], Parameters] = {}
    weights: dict[tuple[str | None, ...], float] = {}
    for parameters, weight in seen:
        likeness = tuple(
            value if value is None else places.get(number, _Place("unknown")).likeness(value)
            for number, value in enumerate(parameters, start=1)
        )
        first.setdefault(likeness, parameters)
        weights[likeness] = weights.get(likeness, 0.0) + weight
    return [(parameters, weights[likeness]) for likeness, parameters in first.items()]


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
    statement: Statement, values: Parameters, weight: float, places: dict[int, _Place], point: float
) -> Sample:
    """The sample with its missing values drawn at one point of their distributions, or without any."""
    filled: list[str | None] = []
    for position, value in enumerate(values, start=1):
        place = places.get(position, _Place("unknown"))
        found = value if value is not None else _value(statement, place, point)
        if found is None and place.kind != "written":
            return Sample((), weight)
        filled.append(found)
    return Sample(tuple(filled), weight, drawn=True)


def _value(statement: Statement, place: _Place, point: float) -> str | None:
    if place.kind == "limit":
        return str(max(1, round(statement.rows))) if statement.rows > 0 else PAGE_ROWS
    if place.kind == "offset":
        return "0"
    draw = place.draw
    value = draw.at(point, place.rank) if draw is not None else None
    return array_text([value]) if place.kind == "array" and value is not None else value


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
    sense = "equal"
    if isinstance(parent, _COMPARISONS):
        on_the_left = parent.left is node
        other = parent.right if on_the_left else parent.left
        if isinstance(parent, (exp.GT, exp.GTE, exp.LT, exp.LTE)):
            sense = "above" if isinstance(parent, (exp.GT, exp.GTE)) != on_the_left else "below"
    elif isinstance(parent, (exp.In, exp.Between)) and parent.this is not node:
        other = parent.this
        sense = "above" if isinstance(parent, exp.Between) else "equal"
    while isinstance(other, (exp.Paren, exp.Cast)):
        other = other.this
    if not isinstance(other, exp.Column):
        return _Place("unknown")
    if other.table:
        table = tables.get(other.table)
        column = table.column(other.name) if table is not None else None
    else:
        column = next((c for t in tables.values() if (c := t.column(other.name)) is not None), None)
    return _Place(kind, column, sense=sense) if column is not None else _Place("unknown")
