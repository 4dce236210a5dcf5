"""Conditions of WHERE and ON as terms on columns.

Only what a B-tree can search by becomes a term (https://www.postgresql.org/docs/18/indexes-types.html): comparisons of a bare
column, or of one cast from text to text, with something that does not depend on the same row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.blocks import Block, Source
from indexical.candidates.facts import Term
from indexical.candidates.parsing import bare, conjuncts, disjuncts
from indexical.model import Column

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

Found = tuple[Source, Term]
_RANGES = (exp.GT, exp.GTE, exp.LT, exp.LTE)
_TEXTS = ("character varying", "text", "character", "citext")


def read(node: Node | None, block: Block, *, only: frozenset[str] | None = None) -> None:
    """Puts the terms of a condition into the block's sources.

    ``only`` names the aliases that a condition can leave rows of out; in an outer join's ON that is the side that may be missing.
    """
    for condition in conjuncts(node):
        if isinstance(condition, exp.Or):
            _read_or(condition, block, only)
            continue
        _read_join(condition, block)
        for source, term in _terms(condition, block):
            if source in block.sources and (only is None or source.alias in only):
                source.terms.append(term)


def _read_or(condition: Node, block: Block, only: frozenset[str] | None) -> None:
    """An OR narrows a table down when every arm does: the arms' indexes are combined as bitmaps."""
    arms = [
        [found for part in conjuncts(arm) for found in _terms(part, block)] for arm in disjuncts(condition)
    ]
    for source in block.sources:
        mine = [
            tuple(sorted({term for owner, term in arm if owner is source}, key=lambda term: term.rank))
            for arm in arms
        ]
        if not all(mine) or (only is not None and source.alias not in only):
            continue
        columns = {term.column for arm in mine for term in arm}
        if len(columns) == 1 and all(term.kind == "equal" for arm in mine for term in arm):
            source.terms.append(Term(columns.pop(), "list"))
        else:
            source.alternatives += mine


def _read_join(condition: Node, block: Block) -> None:
    for left, right in _equated(condition):
        one, other = column_of(left, block), column_of(right, block)
        _read_opaque_join(one, right, block)
        _read_opaque_join(other, left, block)
        if one is None or other is None or one[0] is other[0]:
            continue
        for mine, theirs in ((one, other), (other, one)):
            mine[0].join(mine[1], theirs[0])
            if not mine[2] and theirs[2]:
                mine[0].correlated.add(mine[1])


def _read_opaque_join(found: tuple[Source, str, bool] | None, other: Node, block: Block) -> None:
    """A column compared with one of a CTE or a derived table is a join column too."""
    foreign = isinstance(bare(other), exp.Column) and column_of(other, block) is None
    if foreign and found is not None and not found[2]:
        found[0].join(found[1], None)


def equated_columns(condition: Node, block: Block) -> Iterator[tuple[Source, str, Source, str]]:
    """Pairs of columns of the block's own tables that the condition makes equal."""
    for left, right in _equated(condition):
        one, other = column_of(left, block), column_of(right, block)
        if one and other and one[0] is not other[0] and not one[2] and not other[2]:
            yield one[0], one[1], other[0], other[1]


def _equated(condition: Node) -> Iterator[tuple[Node, Node]]:
    condition = bare(condition)
    if not isinstance(condition, exp.EQ):
        return
    left, right = bare(condition.this), bare(condition.expression)
    if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
        yield from zip(left.expressions, right.expressions, strict=False)
    else:
        yield left, right


def _terms(condition: Node, block: Block) -> Iterator[Found]:
    condition = bare(condition)
    if isinstance(condition, exp.Column):
        yield from _truth(condition, block, "true")
    elif isinstance(condition, exp.Not):
        yield from _negated(bare(condition.this), block)
    elif isinstance(condition, exp.EQ):
        for left, right in _equated(condition):
            yield from _equal(left, right, block)
            yield from _equal(right, left, block)
    elif isinstance(condition, _RANGES):
        yield from _range(condition, block)
    elif isinstance(condition, exp.Between):
        yield from _compared(condition.this, (condition.args["low"], condition.args["high"]), block, "range")
    elif isinstance(condition, exp.In):
        yield from _in(condition, block)
    elif isinstance(condition, exp.Is):
        yield from _is(condition, block)


def _truth(node: Node, block: Block, kind: str) -> Iterator[Found]:
    found = column_of(node, block)
    if found is not None and _type(found).startswith("boolean"):
        yield found[0], Term(found[1], kind)


def _negated(inner: Node, block: Block) -> Iterator[Found]:
    if isinstance(inner, exp.Column):
        yield from _truth(inner, block, "false")
    elif isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        found = column_of(inner.this, block)
        if found is not None:
            yield found[0], Term(found[1], "null" if inner.args.get("negate") else "notnull")


def _is(condition: exp.Is, block: Block) -> Iterator[Found]:
    found = column_of(condition.this, block)
    if found is None:
        return
    negated = bool(condition.args.get("negate"))
    if isinstance(condition.expression, exp.Null):
        yield found[0], Term(found[1], "notnull" if negated else "null")
    elif isinstance(condition.expression, exp.Boolean) and not negated:
        yield from _truth(condition.this, block, "true" if condition.expression.this else "false")


def _equal(left: Node, right: Node, block: Block) -> Iterator[Found]:
    found = column_of(left, block)
    if found is None:
        return
    right = bare(right)
    if isinstance(right, exp.Any):
        if _fixed(right, block):
            yield found[0], Term(found[1], "list")
    elif isinstance(right, exp.Boolean):
        yield from _truth(left, block, "true" if right.this else "false")
    elif _fixed(right, block) and not isinstance(right, exp.Null):
        literal, parameter = _value(right)
        yield found[0], Term(found[1], "equal", literal, parameter)


def _range(condition: Node, block: Block) -> Iterator[Found]:
    for one, other in ((condition.this, condition.expression), (condition.expression, condition.this)):
        left, right = _row(one), _row(other)
        yield from _compared(left, (right,), block, "range")


def _row(node: Node) -> Node:
    """The first field of a row: comparing rows compares them first."""
    node = bare(node)
    return bare(node.expressions[0]) if isinstance(node, exp.Tuple) and node.expressions else node


def _compared(left: Node, others: tuple[Node, ...], block: Block, kind: str) -> Iterator[Found]:
    found = column_of(left, block)
    if found is not None and all(_fixed(other, block) for other in others):
        yield found[0], Term(found[1], kind)


def _in(condition: exp.In, block: Block) -> Iterator[Found]:
    if condition.args.get("query") is not None or condition.args.get("unnest") is not None:
        return
    left = bare(condition.this)
    if isinstance(left, exp.Tuple):
        for part in left.expressions:
            yield from _compared(part, tuple(condition.expressions), block, "list")
        return
    values = condition.expressions
    if len(values) == 1:
        yield from _equal(left, values[0], block)
    else:
        yield from _compared(left, tuple(values), block, "list")


def column_of(node: Node, block: Block) -> tuple[Source, str, bool] | None:
    """The column of a table that a node is, looking through casts of text to text."""
    node = bare(node)
    if isinstance(node, exp.Cast):
        found = block.resolve(bare(node.this))
        if (
            found is None
            or not _type(found).startswith(_TEXTS)
            or not node.to.is_type(*exp.DataType.TEXT_TYPES)
        ):
            return None
        return found
    return block.resolve(node)


def _type(found: tuple[Source, str, bool]) -> str:
    column: Column | None = found[0].table.column(found[1]) if found[0].table else None
    return column.type if column else ""


def _fixed(node: Node, block: Block) -> bool:
    """Whether a value is the same for every row of the block: constants, parameters, outer columns, subqueries."""
    for column in node.find_all(exp.Column):
        if column.find_ancestor(exp.Select) is not node.find_ancestor(exp.Select):
            continue
        found = block.resolve(column)
        if found is None or not found[2]:
            return False
    return True


def _value(node: Node) -> tuple[str | None, int]:
    """A literal's text, or the number of a parameter."""
    while isinstance(node, (exp.Paren, exp.Cast)):
        node = node.this
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return f"-{node.this.this}", 0
    if isinstance(node, exp.Literal):
        return str(node.this), 0
    if isinstance(node, exp.Parameter) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return None, int(node.this.this)
    return None, 0
