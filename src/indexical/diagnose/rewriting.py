"""The statement with one thing said differently, through sqlglot's tree; never by patching text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.parsing import folded, parse

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

_COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


def _changed(sql: str, change: Callable[[Node], bool]) -> str:
    """The SQL after a change of its tree; empty when it cannot be read or nothing was changed."""
    tree = parse(sql)
    if isinstance(tree, str) or not change(tree):
        return ""
    return tree.sql(dialect="postgres")


def with_condition(sql: str, table: str, condition: str) -> str:
    """One more condition in the WHERE of the block that reads the table; ``condition`` has bare column names."""

    def change(tree: Node) -> bool:
        for select in tree.find_all(exp.Select):
            place = select.args.get("from_") or select.args.get("from")
            found = [place.this] if place is not None else []
            found += [join.this for join in select.args.get("joins") or ()]
            for source in found:
                if isinstance(source, exp.Table) and folded(source.this) == table:
                    extra = parse(f"SELECT 1 WHERE {condition}")
                    if isinstance(extra, str):
                        return False
                    added = extra.args["where"].this
                    for column in added.find_all(exp.Column):
                        column.set("table", exp.to_identifier(source.alias_or_name))
                    select.where(added, copy=False)
                    return True
        return False

    return _changed(sql, change)


def without_limit(sql: str) -> str:
    return _changed(sql, lambda tree: _dropped(tree, "limit"))


def without_offset(sql: str) -> str:
    return _changed(sql, lambda tree: _dropped(tree, "offset"))


def _dropped(tree: Node, part: str) -> bool:
    if not tree.args.get(part):
        return False
    tree.set(part, None)
    return True


def offset_of(sql: str) -> int:
    """The constant after OFFSET; 0 when there is none."""
    tree = parse(sql)
    offset = None if isinstance(tree, str) else tree.args.get("offset")
    value = offset.expression if offset is not None else None
    return int(value.this) if isinstance(value, exp.Literal) and str(value.this).isdecimal() else 0


def with_value_cast(sql: str, column: str, type: str) -> str:
    """Whatever is compared with the column, cast to the column's type."""

    def change(tree: Node) -> bool:
        done = False
        for node in list(tree.find_all(*_COMPARISONS)):
            for mine, other in (("this", "expression"), ("expression", "this")):
                side, value = node.args[mine], node.args[other]
                if _is(side, column) and not _mentions(value, column):
                    node.set(other, exp.cast(_bare(value), exp.DataType.build(type, dialect="postgres")))
                    done = True
                    break
        return done

    return _changed(sql, change)


def with_day_range(sql: str, column: str) -> str:
    """``col::date = day`` as a range of the column itself."""

    def change(tree: Node) -> bool:
        done = False
        for node in list(tree.find_all(exp.EQ)):
            side, day = node.this, node.expression
            inner = _bare(side)
            zone = inner.args.get("zone") if isinstance(inner, exp.AtTimeZone) else None
            moment = _bare(inner.this) if zone is not None else inner
            if not (_is_date(side) and _is(moment, column)) or _mentions(day, column):
                continue
            first = exp.cast(_bare(day).copy(), exp.DataType.build("date"))
            second = exp.Add(this=first.copy(), expression=exp.Literal.number(1))
            low = exp.GTE(this=moment.copy(), expression=_begins(first, zone))
            high = exp.LT(this=moment.copy(), expression=_begins(second, zone))
            node.replace(exp.And(this=low, expression=high))
            done = True
        return done

    return _changed(sql, change)


def _begins(day: Node, zone: Node | None) -> Node:
    """The moment at which a day begins, in a time zone where one is named."""
    if zone is None:
        return day
    return exp.AtTimeZone(this=exp.cast(exp.paren(day), exp.DataType.build("timestamp")), zone=zone.copy())


def with_plain_pattern(sql: str, column: str) -> str:
    """The LIKE pattern on the column without the wildcards it begins with."""

    def change(tree: Node) -> bool:
        for node in tree.find_all(exp.Like):
            value = node.expression
            if _mentions(node.this, column) and isinstance(value, exp.Literal) and value.is_string:
                plain = str(value.this).lstrip("%_")
                if plain.strip("%_") and plain != value.this:
                    node.set("expression", exp.Literal.string(plain))
                    return True
        return False

    return _changed(sql, change)


def with_equal_value(sql: str, column: str, value: str) -> str:
    """Another constant where the column is compared with one."""

    def change(tree: Node) -> bool:
        for node in tree.find_all(exp.EQ):
            for mine, other in (("this", "expression"), ("expression", "this")):
                if _is(_bare(node.args[mine]), column) and isinstance(
                    _bare(node.args[other]), exp.Literal | exp.Boolean
                ):
                    node.set(other, exp.Literal.string(value))
                    return True
        return False

    return _changed(sql, change)


def has_cast(sql: str, column: str) -> bool:
    """Whether the statement itself casts the column, or hands it to a function."""
    tree = parse(sql)
    if isinstance(tree, str):
        return False
    return any(_mentions(node, column) for node in tree.find_all(exp.Cast, exp.Anonymous))


def reads_everything(sql: str) -> bool:
    """``SELECT *``"""
    tree = parse(sql)
    return isinstance(tree, exp.Select) and any(isinstance(e, exp.Star) for e in tree.expressions)


def _is(node: Node, column: str) -> bool:
    return isinstance(node, exp.Column) and folded(node.this) == column


def _is_date(node: Node) -> bool:
    if isinstance(node, exp.Cast):
        return bool(node.to.is_type("date"))
    return _is_call(node)


def _is_call(node: Node) -> bool:
    """``date(x)``"""
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == "date" and len(node.expressions) == 1


def _bare(node: Node) -> Node:
    """The node without parentheses and casts around it."""
    while isinstance(node, exp.Paren | exp.Cast) or _is_call(node):
        node = node.expressions[0] if _is_call(node) else node.this
    return node


def _mentions(node: Node, column: str) -> bool:
    return any(folded(each.this) == column for each in node.find_all(exp.Column))
