"""The share of a table's rows that a partial index covers, from the statistics of single columns.

Only for what an index costs the writes; what it saves the reads is the planner's business. The rules are those of
PostgreSQL's row estimation (https://www.postgresql.org/docs/18/row-estimation-examples.html) in their simplest form.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from indexical.model import Column, ColumnStatistics, Table
from indexical.whatif.arrays import elements

UNKNOWN = 1.0 / 3.0
"""The share for a condition that cannot be estimated, as PostgreSQL takes it for inequalities."""


def predicate_share(table: Table, predicate: str) -> float:
    """Between 0 and 1; 1 for an index that is not partial."""
    if not predicate:
        return 1.0
    try:
        tree = sqlglot.parse_one(predicate, read="postgres")
    except (SqlglotError, RecursionError):
        return UNKNOWN
    return min(1.0, max(0.0, _share(table, tree)))


def _share(table: Table, node: exp.Expr) -> float:
    node = _bare(node)
    if isinstance(node, exp.And):
        return _share(table, node.left) * _share(table, node.right)
    if isinstance(node, exp.Or):
        left, right = _share(table, node.left), _share(table, node.right)
        return left + right - left * right
    if isinstance(node, exp.Not):
        inner = _bare(node.this)
        unknown = 0.0 if isinstance(inner, exp.Is) else _nulls(table, inner)
        return 1.0 - unknown - _share(table, inner)
    if isinstance(node, exp.Is):
        share = _is(table, node)
        # A condition on NULL or truth is never unknown, so its opposite holds for all other rows.
        return 1.0 - share if node.args.get("negate") else share
    if isinstance(node, (exp.EQ, exp.NEQ)):
        share = _equal(table, node.left, node.right)
        return share if isinstance(node, exp.EQ) else max(0.0, 1.0 - _nulls(table, node) - share)
    if isinstance(node, exp.In):
        return sum(_equal(table, node.this, value) for value in node.expressions) or UNKNOWN
    if isinstance(node, exp.Column):
        return _value_share(_statistics(table, node), "t")
    return UNKNOWN


def _bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, (exp.Paren, exp.Cast)):
        node = node.this
    return node


def _statistics(table: Table, node: exp.Expr) -> ColumnStatistics | None:
    column: Column | None = table.column(node.name)
    return column.statistics if column is not None else None


def _nulls(table: Table, node: exp.Expr) -> float:
    column = node if isinstance(node, exp.Column) else node.find(exp.Column)
    statistics = _statistics(table, column) if column is not None else None
    return statistics.null_fraction if statistics is not None else 0.0


def _is(table: Table, node: exp.Is) -> float:
    subject, value = _bare(node.this), node.expression
    if not isinstance(subject, exp.Column):
        return UNKNOWN
    if isinstance(value, exp.Boolean):
        return _value_share(_statistics(table, subject), "t" if value.this else "f")
    return _nulls(table, subject)


def _equal(table: Table, left: exp.Expr, right: exp.Expr) -> float:
    left, right = _bare(left), _bare(right)
    if not isinstance(left, exp.Column):
        left, right = right, left
    if not isinstance(left, exp.Column):
        return UNKNOWN
    if isinstance(right, exp.Boolean):
        return _value_share(_statistics(table, left), "t" if right.this else "f")
    if not isinstance(right, exp.Literal):
        return UNKNOWN
    return _value_share(_statistics(table, left), right.name)


def _value_share(statistics: ColumnStatistics | None, value: str) -> float:
    """The share of rows whose column equals the value, NULLs counted as rows."""
    if statistics is None:
        return UNKNOWN
    common = elements(statistics.common_values)
    frequencies = statistics.common_frequencies
    if value in common and len(common) == len(frequencies):
        return frequencies[common.index(value)]
    rest = max(0.0, 1.0 - statistics.null_fraction - sum(frequencies))
    others = abs(statistics.distinct) - len(common)
    return rest / others if statistics.distinct > 0 and others >= 1 else min(rest, 0.01)
