"""Conditions that plain columns in a B-tree do not serve: on expressions, and by operators of other kinds of indexes.

Operators and the indexes that answer them: https://www.postgresql.org/docs/18/indexes-opclass.html (patterns),
https://www.postgresql.org/docs/18/pgtrgm.html, https://www.postgresql.org/docs/18/datatype-json.html#JSON-INDEXING,
https://www.postgresql.org/docs/18/textsearch-indexes.html, https://www.postgresql.org/docs/18/gist.html. Which of them an
index is made for is the rules' to say; here they are only told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.blocks import Block, Source
from indexical.candidates.columns import base_type, column_of, fixed, is_all
from indexical.candidates.expressions import Written, written
from indexical.candidates.facts import Search
from indexical.candidates.parsing import bare, nodes
from indexical.model import Key

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

Told = tuple[Source, Search]
_RANGES = (exp.GT, exp.GTE, exp.LT, exp.LTE)
_PATTERNS: dict[type, str] = {
    exp.Like: "like",
    exp.ILike: "ilike",
    exp.RegexpLike: "regex",
    exp.RegexpILike: "iregex",
    exp.StartsWith: "starts",
}
_BOTH_WAYS: dict[type, str] = {
    exp.ArrayContainsAll: "contains",
    exp.ArrayContainedBy: "contained",
    exp.ArrayOverlaps: "overlaps",
}
_TURNED = {"contains": "contained", "contained": "contains", "overlaps": "overlaps"}
_ONE_WAY: dict[type, str] = {
    exp.JSONBContainsTopKey: "has",
    exp.JSONBContainsAnyTopKeys: "has",
    exp.JSONBContainsAllTopKeys: "has",
    exp.JSONBPathExists: "path",
    exp.Adjacent: "adjacent",
}


def searches(condition: Node, block: Block) -> Iterator[Told]:
    """The searches of one condition, each with the table it is about."""
    condition = bare(condition)
    escape = isinstance(condition, exp.Escape)
    if escape:
        condition = bare(condition.this)
    if condition.args.get("negate"):
        return
    if isinstance(condition, exp.EQ):
        for left, right in ((condition.this, condition.expression), (condition.expression, condition.this)):
            yield from _equal(bare(left), bare(right), block)
    elif isinstance(condition, _RANGES):
        for left, right in ((condition.this, condition.expression), (condition.expression, condition.this)):
            yield from _compared(left, (right,), "range", block)
    elif isinstance(condition, exp.Between):
        yield from _compared(condition.this, (condition.args["low"], condition.args["high"]), "range", block)
    elif isinstance(condition, exp.In):
        if condition.expressions:
            kind = "equal" if len(condition.expressions) == 1 else "list"
            yield from _compared(condition.this, tuple(condition.expressions), kind, block)
    elif type(condition) in _PATTERNS:
        yield from _patterned(condition, _PATTERNS[type(condition)], block, escape=escape)
    elif isinstance(condition, exp.Anonymous):
        yield from _called(condition, block)
    else:
        yield from _contained(condition, block)


def _equal(left: Node, right: Node, block: Block) -> Iterator[Told]:
    if isinstance(right, exp.Any):
        member = column_of(bare(right.this), block)
        if member is not None and not member.outer and fixed(left, block):
            yield from _search(bare(right.this), "member", block)
        elif fixed(right, block) and not isinstance(bare(right.this), exp.Query):
            yield from _compared(left, (right,), "list", block)
    elif isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
        for one, other in zip(left.expressions, right.expressions, strict=False):
            yield from _compared(one, (other,), "equal", block)
    elif not isinstance(right, exp.Null) and not is_all(right):
        yield from _compared(left, (right,), "equal", block)


def _compared(left: Node, others: tuple[Node, ...], kind: str, block: Block) -> Iterator[Told]:
    left = bare(left)
    if isinstance(left, (exp.Literal, exp.Parameter)) or column_of(left, block) is not None:
        return
    found = written(left, block)
    if found is None or found.source is None:
        return
    if all(fixed(other, block) for other in others):
        yield found.source, _of_expression(found, kind)
    elif kind == "equal" and all(_elsewhere(other, found.source, block) for other in others):
        yield found.source, _of_expression(found, "join")


def _elsewhere(node: Node, source: Source, block: Block) -> bool:
    """Whether a value is computed from other tables only."""
    for column in nodes(node):
        if not isinstance(column, exp.Column):
            continue
        found = block.resolve(column)
        if found is None or any(spot.source is source for spot in found.spots):
            return False
    return True


def _of_expression(found: Written, kind: str) -> Search:
    return Search(Key(expression=found.sql), kind, found.columns, found.type)


def _search(node: Node, kind: str, block: Block) -> Iterator[Told]:
    """A search on whatever the node is: a column or an expression."""
    found = column_of(node, block)
    if found is not None:
        if not found.outer:
            for spot in found.spots:
                kept = Search(Key.asc(spot.column), kind, (spot.column,), base_type(found, block))
                yield spot.source, kept
        return
    made = written(node, block)
    if made is not None and made.source is not None:
        yield made.source, _of_expression(made, kind)


def _patterned(condition: Node, kind: str, block: Block, *, escape: bool) -> Iterator[Told]:
    if not fixed(condition.expression, block):
        return
    pattern = _pieces(condition.expression)
    for source, search in _search(bare(condition.this), kind, block):
        yield source, Search(search.key, kind, search.columns, search.type, pattern, escape)


def _pieces(node: Node) -> tuple[str, ...]:
    """A pattern as literals and parameters in a row; changing case leaves wildcards where they are."""
    node = bare(node)
    if isinstance(node, exp.Cast):
        return _pieces(node.this)
    if isinstance(node, exp.DPipe):
        return (*_pieces(node.this), *_pieces(node.expression))
    if isinstance(node, exp.Anonymous) and str(node.this).lower() in ("upper", "lower"):
        return _pieces(node.expressions[0]) if len(node.expressions) == 1 else ("?",)
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "concat":
        return tuple(piece for part in node.expressions for piece in _pieces(part))
    if isinstance(node, exp.Literal) and node.is_string:
        return (f"={node.this}",)
    if isinstance(node, exp.Parameter) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return (f"${node.this.this}",)
    return ("?",)


def _called(condition: exp.Anonymous, block: Block) -> Iterator[Told]:
    arguments = condition.expressions
    if str(condition.this).lower() == "starts_with" and len(arguments) == 2 and fixed(arguments[1], block):
        for source, search in _search(bare(arguments[0]), "starts", block):
            yield source, Search(search.key, "starts", search.columns, search.type, _pieces(arguments[1]))


def _contained(condition: Node, block: Block) -> Iterator[Told]:
    kind = _BOTH_WAYS.get(type(condition), "")
    if isinstance(condition, exp.MatchAgainst):
        for left, right in (
            (condition.expressions[0], condition.this),
            (condition.this, condition.expressions[0]),
        ):
            if fixed(right, block):
                yield from _search(bare(left), "words", block)
    elif kind:
        if fixed(condition.expression, block):
            yield from _search(bare(condition.this), kind, block)
        elif fixed(condition.this, block):
            yield from _search(bare(condition.expression), _TURNED[kind], block)
    elif type(condition) in _ONE_WAY and fixed(condition.expression, block):
        yield from _search(bare(condition.this), _ONE_WAY[type(condition)], block)


def nearest(node: Node, block: Block) -> Iterator[Told]:
    """``ORDER BY place <-> point``."""
    node = bare(node)
    if isinstance(node, exp.Distance):
        for left, right in ((node.this, node.expression), (node.expression, node.this)):
            if fixed(right, block):
                yield from _search(bare(left), "nearest", block)
