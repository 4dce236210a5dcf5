"""What a query hands on to the one around it: each of its columns, and the table's column that it leads to.

Which conditions may be moved inside follows PostgreSQL's planner (``subquery_is_pushdown_safe`` and
``check_output_expressions`` in ``optimizer/path/allpaths.c``; https://www.postgresql.org/docs/18/queries-with.html for CTEs).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.blocks import OPAQUE, Block, Output
from indexical.candidates.parsing import argument, bare, contains, folded, nodes

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

Outputs = Mapping[str, Output]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What of a SELECT stands between its output and its tables."""

    closed: bool
    """LIMIT or an aggregate over everything: no condition gets inside."""
    grouped: bool
    windowed: bool
    simple: bool
    """Nothing: PostgreSQL takes it for part of the query around it."""


def of_select(node: exp.Select, block: Block) -> Outputs | None:
    """The outputs of a SELECT by name, in their order; None when a star hides them."""
    shape = _shape(node)
    kept = _kept(node, shape)
    found: dict[str, Output] = {}
    for name, output, item in _items(node, block):
        if not name:
            return None
        open_ = not shape.closed and (kept is None or item is None or _text(item) in kept)
        found.setdefault(
            name, replace(output, sortable=output.sortable and shape.simple) if open_ else OPAQUE
        )
    return found


def _items(node: exp.Select, block: Block) -> Iterator[tuple[str, Output, Node | None]]:
    """Name, output and node of every column; an empty name for a star over something unknown."""
    for number, item in enumerate(node.expressions):
        inner = item.unalias()
        if isinstance(inner, exp.Star) or (
            isinstance(inner, exp.Column) and isinstance(inner.this, exp.Star)
        ):
            yield from _starred(inner, block)
            continue
        found = block.means(bare(inner))
        output = found.output if found is not None and not found.outer else Output(node=inner, block=block)
        yield output_name(item) or f"?column?{number}", output, inner


def _starred(star: Node, block: Block) -> Iterator[tuple[str, Output, Node | None]]:
    qualifier = folded(star.args.get("table")) if isinstance(star, exp.Column) else ""
    seen: set[str] = set()
    for source in block.sources:
        if qualifier and source.alias != qualifier:
            continue
        names = source.names()
        if names is None:
            yield "", OPAQUE, None
            return
        for name in names:
            if name in block.merged and not qualifier:
                if name in seen:
                    continue
                seen.add(name)
            yield name, source.output(name), exp.column(name, quoted=True)


def output_name(item: Node) -> str:
    """The name PostgreSQL gives a column of a result; empty where it makes one up."""
    if isinstance(item, exp.Alias):
        return folded(item.args["alias"])
    inner = bare(item)
    while isinstance(inner, exp.Cast):
        inner = bare(inner.this)
    if isinstance(inner, exp.Column):
        return folded(inner.this)
    return str(inner.this).lower() if isinstance(inner, exp.Anonymous) else ""


def renamed(outputs: Outputs | None, names: list[str]) -> Outputs | None:
    """Outputs under the names of ``AS t (a, b)``; columns beyond the list keep their own."""
    if outputs is None:
        return dict.fromkeys(names, OPAQUE) if names else None
    found: dict[str, Output] = {}
    for number, (own, output) in enumerate(outputs.items()):
        name = names[number] if number < len(names) else own
        found[name] = OPAQUE if name in found else output
    return found


def closed(outputs: Outputs | None) -> Outputs | None:
    """The same columns, leading nowhere."""
    return None if outputs is None else dict.fromkeys(outputs, OPAQUE)


def united(left: Outputs | None, right: Outputs | None, *, keeps: bool, plain: bool) -> Outputs | None:
    """The outputs of a set operation: a condition on it goes into both arms, unless it is EXCEPT (``keeps`` false).

    ``plain`` is UNION ALL, whose arms may come in order from an index each.
    """
    if left is None:
        return None
    if right is None or not keeps or len(left) != len(right):
        return closed(left)
    return {
        name: Output(one.spots + other.spots, sortable=plain and one.sortable and other.sortable)
        if one.spots and other.spots
        else OPAQUE
        for (name, one), other in zip(left.items(), right.values(), strict=True)
    }


def _shape(node: exp.Select) -> _Shape:
    limited = any(argument(node, part) is not None for part in ("limit", "offset", "fetch"))
    grouped = argument(node, "group") is not None
    windowed = any(contains(item, exp.Window) for item in node.expressions)
    aggregated = grouped or argument(node, "having") is not None or _aggregates(node)
    distinct = argument(node, "distinct")
    return _Shape(
        closed=limited or (aggregated and not grouped),
        grouped=grouped,
        windowed=windowed,
        simple=not (limited or aggregated or windowed or distinct is not None),
    )


def _aggregates(node: exp.Select) -> bool:
    return any(
        isinstance(inner, exp.AggFunc) and not isinstance(inner.parent, exp.Window)
        for item in node.expressions
        for inner in nodes(item)
    )


def _kept(node: exp.Select, shape: _Shape) -> frozenset[str] | None:
    """The expressions that conditions may be on; None when all may."""
    limits: list[frozenset[str]] = []
    if shape.grouped:
        clause = argument(node, "group")
        limits.append(frozenset(_text(_meant(item, node)) for item in (clause.expressions if clause else ())))
    distinct = argument(node, "distinct")
    on = distinct.args.get("on") if distinct is not None else None
    if on is not None:
        limits.append(frozenset(_text(item) for item in (on.expressions or [on])))
    if shape.windowed:
        for window in node.find_all(exp.Window):
            limits.append(frozenset(_text(part) for part in window.args.get("partition_by") or ()))
    return frozenset.intersection(*limits) if limits else None


def _meant(item: Node, node: exp.Select) -> Node:
    if isinstance(item, exp.Literal) and not item.is_string and str(item.this).isdecimal():
        place = int(item.this) - 1
        if 0 <= place < len(node.expressions):
            found: Node = node.expressions[place].unalias()
            return found
    return item


def _text(node: Node) -> str:
    """A column's bare name, so that ``o.x`` and ``x`` are the same; the SQL of anything else."""
    node = bare(node)
    return folded(node.this) if isinstance(node, exp.Column) else node.sql()
