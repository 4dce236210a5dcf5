"""Which columns the workload's updates change, and how often: what an index had better not hold.

An update stays heap-only as long as no indexed column changes (https://www.postgresql.org/docs/18/storage-hot.html), and an
included column is an indexed one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.parsing import argument, folded, parse
from indexical.model import Statement

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

Changes = Mapping[tuple[str, str], float]
"""Rows in which a column changes, by the table's bare name and the column."""


def changes(statements: Iterable[Statement]) -> Changes:
    """By what a capture saw where it looked, by the SET list otherwise; a column set to itself does not change.

    The rows of an INSERT ... ON CONFLICT DO UPDATE all count: how many were there already, no source tells.
    """
    found: dict[tuple[str, str], float] = {}
    for statement in statements:
        if not _updates(statement):
            continue
        tree = parse(statement.sql)
        table = tree.find(exp.Table) if isinstance(tree, (exp.Update, exp.Insert)) else None
        if isinstance(tree, str) or table is None:
            continue
        shares = dict(statement.changed_columns)
        rows = statement.calls * (statement.rows if statement.rows >= 0 else 1.0)
        for name in _set_columns(tree):
            place = folded(table.this), name
            found[place] = found.get(place, 0.0) + rows * shares.get(name, 1.0)
    return found


def _updates(statement: Statement) -> bool:
    return statement.kind == "update" or (statement.kind == "insert" and "conflict" in statement.sql.lower())


def _set_columns(tree: Node) -> list[str]:
    conflict = argument(tree, "conflict")
    items = tree.expressions if isinstance(tree, exp.Update) else conflict.expressions if conflict else ()
    return [
        folded(item.this.this)
        for item in items
        if isinstance(item, exp.EQ) and isinstance(item.this, exp.Column) and item.this != item.expression
    ]
