"""Which columns a query block mentions: what an index-only scan of a table would have to hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.blocks import Block
from indexical.candidates.parsing import argument, bare, folded, nodes

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node


def read(node: Node, block: Block, *, handed_on: bool) -> list[Node]:
    """Marks the columns that the block's expressions mention; gives back the subqueries in them.

    ``handed_on``: columns that the block only hands on are left to the query around it, which may not want them.
    """
    queries: list[Node] = []
    for part, selecting in _parts(node):
        plain = bare(part.unalias()) if selecting and handed_on else None
        if isinstance(plain, (exp.Column, exp.Star, exp.Literal)):
            continue
        for inner in nodes(part):
            if isinstance(inner, exp.Query):
                queries.append(inner)
            elif isinstance(inner, exp.Star):
                _star(inner, block)
            elif isinstance(inner, exp.Column):
                _column(inner, block, selecting=selecting)
    return queries


def _column(node: exp.Column, block: Block, *, selecting: bool) -> None:
    found = block.means(node)
    if found is None:
        return
    for spot in found.spots:
        spot.source.read.add(spot.column)
        if not selecting or found.outer:
            spot.source.used.add(spot.column)
    if found.output.node is not None and found.output.block is not None:
        for inner in nodes(found.output.node):
            if isinstance(inner, exp.Column):
                _column(inner, found.output.block, selecting=selecting)


def _star(star: Node, block: Block) -> None:
    if isinstance(star.parent, exp.Count):
        return
    qualifier = folded(star.parent.args.get("table")) if isinstance(star.parent, exp.Column) else ""
    for source in block.sources:
        if qualifier and source.alias != qualifier:
            continue
        if source.table is not None:
            source.reads_all = True
            continue
        for output in (source.outputs or {}).values():
            for spot in output.spots:
                spot.source.read.add(spot.column)


def tested(node: Node) -> Node | None:
    """The left side of ``x IN (SELECT ...)`` or ``x = ANY (SELECT ...)``."""
    parent = node.parent
    while isinstance(parent, (exp.Subquery, exp.Paren)):
        parent = parent.parent
    if isinstance(parent, exp.Any):
        parent = parent.parent
        return bare(parent.this) if isinstance(parent, exp.EQ) else None
    if isinstance(parent, exp.In) and not isinstance(parent.parent, exp.Not):
        return bare(parent.this)
    return None


def _parts(node: Node) -> Iterator[tuple[Node, bool]]:
    """The expressions of a block outside its FROM list, and whether they are only read, not searched or sorted by."""
    for part in node.expressions:
        yield part, True
    for part in node.args.get("joins") or ():
        if part.args.get("on") is not None:
            yield part.args["on"], False
    for name in (
        "on",
        "where",
        "group",
        "having",
        "order",
        "distinct",
        "qualify",
        "limit",
        "offset",
        "returning",
    ):
        found = argument(node, name)
        if found is not None:
            yield found, name in ("having", "returning", "limit", "offset")
    for part in node.args.get("windows") or ():
        yield part, True
