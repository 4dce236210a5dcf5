"""What ANALYZE knows: of columns, of the expressions of indexes, and of statistics objects (``CREATE STATISTICS``).

https://www.postgresql.org/docs/18/view-pg-stats.html and https://www.postgresql.org/docs/18/view-pg-stats-ext.html. The views
show a role what it may see and nothing else; what is missing is named with the right that would show it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from indexical.model import ColumnStatistics, ExpressionStatistics, ExtendedStatistics
from indexical.pg.capabilities import Capabilities
from indexical.pg.queries import load
from indexical.pg.session import Session

Place = tuple[str, str, str]
"""Schema, relation and column."""


@dataclass(slots=True)
class Statistics:
    """Everything ANALYZE left, by relation."""

    columns: dict[Place, ColumnStatistics] = field(default_factory=dict)
    """Of the relation alone, or of its children where it holds no rows itself."""
    trees: dict[Place, ColumnStatistics] = field(default_factory=dict)
    """Of the relation and its children, where ``columns`` has its own."""
    expressions: dict[int, list[ExpressionStatistics]] = field(default_factory=lambda: defaultdict(list))
    """By the table's oid."""
    extended: dict[int, list[ExtendedStatistics]] = field(default_factory=lambda: defaultdict(list))
    """By the table's oid."""
    hidden_expressions: int = 0
    """Expression keys whose statistics the role may not see."""
    hidden_extended: int = 0
    """Statistics objects whose contents the role may not see."""
    unknown: list[tuple[str, str]] = field(default_factory=list)
    """What ANALYZE has not seen: (what, why)."""


def read_statistics(session: Session, capabilities: Capabilities, tables: Mapping[int, str]) -> Statistics:
    """Statistics of the tables, given by oid and qualified name."""
    found = Statistics()
    query = "statistics" if capabilities.range_statistics() else "statistics_before_17"
    for row in session.rows(load(query)):
        place = (row["schema"], row["table"], row["name"])
        target = found.trees if place in found.columns else found.columns
        target.setdefault(place, column_statistics(row))
    oids = list(tables)
    _expressions(session.rows(load("expression_keys"), (oids,)), found, tables)
    objects = session.rows(load("extended_statistics"), (oids,))
    if objects:
        _extended(objects, session.rows(load("extended_expressions")), found, tables)
    return found


def _expressions(rows: Iterable[Mapping[str, Any]], found: Statistics, tables: Mapping[int, str]) -> None:
    for row in rows:
        known = found.columns.get((row["schema"], row["index"], row["name"]))
        if known is not None:
            found.expressions[row["relation"]].append(
                ExpressionStatistics(row["index"], row["position"], known)
            )
        elif not row["readable"]:
            found.hidden_expressions += 1
        else:
            what = f"{tables[row['relation']]}: index {row['index']}"
            found.unknown.append(
                (what, "ANALYZE has not seen its expression, so its selectivity is a guess; run ANALYZE")
            )


def _extended(
    rows: Iterable[Mapping[str, Any]],
    expressions: Iterable[Mapping[str, Any]],
    found: Statistics,
    tables: Mapping[int, str],
) -> None:
    by_object: dict[tuple[str, str, bool], dict[str, ColumnStatistics]] = defaultdict(dict)
    for row in expressions:
        by_object[row["schema"], row["name"], row["inherited"]][row["expression"]] = column_statistics(row)
    for row in rows:
        known = by_object.get((row["schema"], row["name"], row["inherited"]), {})
        found.extended[row["relation"]].append(_extended_statistics(row, known))
        if not row["readable"]:
            found.hidden_extended += 1
        elif not row["analysed"]:
            what = f"{tables[row['relation']]}: statistics object {row['name']}"
            found.unknown.append((what, "ANALYZE has not filled it; run ANALYZE"))


def _extended_statistics(
    row: Mapping[str, Any], expressions: Mapping[str, ColumnStatistics]
) -> ExtendedStatistics:
    texts: Sequence[str] = row["expressions"]
    return ExtendedStatistics(
        schema=row["schema"],
        name=row["name"],
        definition=row["definition"],
        columns=tuple(row["columns"]),
        expressions=tuple(texts),
        distinct=row["distinct"],
        dependencies=row["dependencies"],
        common_values=row["common_values"],
        common_nulls=row["common_nulls"],
        common_frequencies=tuple(row["common_frequencies"] or ()),
        common_base_frequencies=tuple(row["common_base_frequencies"] or ()),
        expression_statistics=tuple(expressions.get(text, ColumnStatistics()) for text in texts)
        if expressions
        else (),
        inherited=row["inherited"],
    )


def column_statistics(row: Mapping[str, Any]) -> ColumnStatistics:
    """One row of ``pg_stats`` or ``pg_stats_ext_exprs``; the latter has no range histograms."""
    return ColumnStatistics(
        null_fraction=row["null_fraction"] or 0.0,
        average_width=row["average_width"] or 0,
        distinct=row["distinct"] or 0.0,
        common_values=row["common_values"],
        common_frequencies=tuple(row["common_frequencies"] or ()),
        histogram=row["histogram"],
        correlation=row["correlation"],
        common_elements=row["common_elements"],
        common_element_frequencies=tuple(row["common_element_frequencies"] or ()),
        element_count_histogram=tuple(row["element_count_histogram"] or ()),
        range_length_histogram=row.get("range_length_histogram", ""),
        range_empty_fraction=row.get("range_empty_fraction"),
        range_bounds_histogram=row.get("range_bounds_histogram", ""),
        inherited=row["inherited"],
    )
