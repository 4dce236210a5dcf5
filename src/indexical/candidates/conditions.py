"""Conditions of WHERE and ON, as terms on columns and as searches by anything else.

What a B-tree can search by becomes a term (https://www.postgresql.org/docs/18/indexes-types.html): comparisons of a bare column,
or of one cast from text to text, with something that does not depend on the same row. What needs an expression, an operator class
or another access method becomes a search (:mod:`indexical.candidates.searching`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates import searching
from indexical.candidates.blocks import Block, Found, Source, Spot
from indexical.candidates.columns import base_type, column_of, comparable, fixed, value_of
from indexical.candidates.facts import Term
from indexical.candidates.parsing import bare, conjuncts, disjuncts

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

Told = tuple[Found, Term]
_RANGES = (exp.GT, exp.GTE, exp.LT, exp.LTE)
_NO_NARROWING = frozenset({"notnull", "unequal"})


def read(node: Node | None, block: Block, *, only: frozenset[int] | None = None) -> None:
    """Puts the terms and searches of a condition into the block's tables.

    ``only`` are the FROM entries (by ``id``) that a condition can leave rows of out; in an outer join's ON that is the side that
    may be missing. None is all of them.
    """
    for condition in conjuncts(node):
        if isinstance(condition, exp.Or):
            _read_or(condition, block, only)
            for shared in _in_every_arm(condition):
                _read_one(shared, block, only)
        else:
            _read_one(condition, block, only)


def _read_one(condition: Node, block: Block, only: frozenset[int] | None) -> None:
    _read_join(condition, block, only)
    for found, term in _terms(condition, block):
        if _leaves_out(found, only):
            for spot in found.spots:
                spot.source.terms.append(Term(spot.column, term.kind, term.literal, term.parameter))
    for source, search in searching.searches(condition, block):
        if only is None or id(block.entry_of(source)) in only:
            source.searches.append(search)
    _read_row(condition, block, only)


def _in_every_arm(condition: Node) -> list[Node]:
    """What every arm of an OR asks for holds by itself: PostgreSQL takes it out of the OR too (``prepqual.c``)."""
    first, *others = [conjuncts(arm) for arm in disjuncts(condition)]
    return [part for part in first if all(part in other for other in others)]


def _leaves_out(found: Found, only: frozenset[int] | None) -> bool:
    return not found.outer and (only is None or id(found.entry) in only)


def _read_row(condition: Node, block: Block, only: frozenset[int] | None) -> None:
    """``(a, b) < ($1, $2)``: an index on both columns finds where to go on."""
    if not isinstance(condition, _RANGES):
        return
    for one, other in ((condition.this, condition.expression), (condition.expression, condition.this)):
        left, right = bare(one), bare(other)
        if not isinstance(left, exp.Tuple) or not fixed(right, block):
            continue
        found = [column_of(part, block) for part in left.expressions]
        known = [each for each in found if each is not None and _leaves_out(each, only)]
        if known and len(known) == len(found) and len({id(each.source) for each in known}) == 1:
            known[0].source.rows.append(tuple(each.column for each in known))


def _read_or(condition: Node, block: Block, only: frozenset[int] | None) -> None:
    """An OR narrows a table down when every arm does: the arms' indexes are combined as bitmaps."""
    arms: list[dict[int, set[Term]]] = []
    sources: dict[int, Source] = {}
    for arm in disjuncts(condition):
        mine: dict[int, set[Term]] = defaultdict(set)
        for part in conjuncts(arm):
            for found, term in _terms(part, block):
                if term.kind in _NO_NARROWING or not _leaves_out(found, only):
                    continue
                for spot in found.spots:
                    sources[id(spot.source)] = spot.source
                    mine[id(spot.source)].add(Term(spot.column, term.kind, term.literal, term.parameter))
        arms.append(mine)
    for number, source in sources.items():
        if not all(number in arm for arm in arms):
            continue
        terms = {term for arm in arms for term in arm[number]}
        columns = {term.column for term in terms}
        if (
            len(columns) == 1
            and all(len(arm[number]) == 1 for arm in arms)
            and {term.kind for term in terms} <= {"equal", "list"}
        ):
            source.terms.append(Term(columns.pop(), "list"))
        else:
            source.alternatives += [tuple(sorted(arm[number], key=lambda term: term.rank)) for arm in arms]


def _read_join(condition: Node, block: Block, only: frozenset[int] | None) -> None:
    for left, right in _equated(condition):
        one, other = column_of(left, block), column_of(right, block)
        _read_opaque_join(one, right, block)
        _read_opaque_join(other, left, block)
        if one is None or other is None or one.entry is other.entry:
            continue
        link(one, other)
        if not one.outer and not other.outer:
            equate(one, other, block, only)


def link(one: Found, other: Found) -> None:
    """Two columns that are compared with each other, of different entries of FROM lists."""
    for mine, theirs in ((one, other), (other, one)):
        for spot in mine.spots:
            spot.source.join(spot.column, theirs.source)
            if not mine.outer and theirs.outer:
                spot.source.correlated.add(spot.column)


def equate(one: Found, other: Found, block: Block, only: frozenset[int] | None = None) -> None:
    """Remembers that the columns are equal in every row, or in an outer join that the second follows the first."""
    if len(one.spots) != 1 or len(other.spots) != 1:
        return
    if only is None:
        block.equal.append((one.spots[0], other.spots[0]))
        return
    for before, after in ((one, other), (other, one)):
        if id(after.entry) in only and id(before.entry) not in only:
            block.following.append((before.spots[0], after.spots[0]))


def _read_opaque_join(found: Found | None, other: Node, block: Block) -> None:
    """A column compared with one of a CTE or a derived table is a join column too."""
    foreign = isinstance(bare(other), exp.Column) and column_of(other, block) is None
    if foreign and found is not None and not found.outer:
        for spot in found.spots:
            spot.source.join(spot.column, None)


def spread(block: Block) -> None:
    """What is equal to a value is known of every column that is equal to it: the planner derives it too."""
    groups: list[dict[tuple[int, str], Spot]] = []
    for pair in block.equal:
        merged = {(id(spot.source), spot.column): spot for spot in pair}
        rest = []
        for group in groups:
            if merged.keys() & group.keys():
                merged |= group
            else:
                rest.append(group)
        groups = [*rest, merged]
    for group in groups:
        spots = list(group.values())
        for spot in spots:
            for other in spots:
                _follow(other, spot)
    for before, after in block.following:
        _follow(before, after)


def _follow(before: Spot, after: Spot) -> None:
    """What one value binds the first column to, it binds the second to."""
    if any(term.column == after.column and term.kind == "equal" for term in after.source.terms):
        return
    after.source.terms += [
        Term(after.column, term.kind, term.literal, term.parameter)
        for term in before.source.terms
        if term.column == before.column and term.kind == "equal"
    ]
    if before.column in before.source.correlated:
        after.source.correlated.add(after.column)


def _equated(condition: Node) -> Iterator[tuple[Node, Node]]:
    condition = bare(condition)
    if not isinstance(condition, exp.EQ):
        return
    left, right = bare(condition.this), bare(condition.expression)
    if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
        yield from zip(left.expressions, right.expressions, strict=False)
    else:
        yield left, right


def _terms(condition: Node, block: Block) -> Iterator[Told]:
    condition = bare(condition)
    if condition.args.get("negate"):
        if isinstance(condition, exp.Is):
            yield from _negated(condition, block)
        return
    if isinstance(condition, exp.Column):
        yield from _truth(condition, block, "true")
    elif isinstance(condition, exp.Not):
        yield from _negated(bare(condition.this), block)
    elif isinstance(condition, exp.EQ):
        for left, right in _equated(condition):
            yield from _equal(left, right, block)
            yield from _equal(right, left, block)
    elif isinstance(condition, exp.NEQ):
        yield from _unequal(condition.this, condition.expression, block)
    elif isinstance(condition, _RANGES):
        yield from _range(condition, block)
    elif isinstance(condition, exp.Between):
        yield from _compared(condition.this, (condition.args["low"], condition.args["high"]), block, "range")
    elif isinstance(condition, exp.In):
        yield from _in(condition, block)
    elif isinstance(condition, exp.Is):
        yield from _is(condition, block)


def _truth(node: Node, block: Block, kind: str) -> Iterator[Told]:
    found = column_of(node, block)
    if found is not None and base_type(found, block) == "boolean":
        yield found, Term(found.column, kind)


def _negated(inner: Node, block: Block) -> Iterator[Told]:
    if isinstance(inner, exp.Column):
        yield from _truth(inner, block, "false")
    elif isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        found = column_of(inner.this, block)
        if found is not None:
            yield found, Term(found.column, "notnull")
    elif isinstance(inner, exp.EQ):
        yield from _unequal(inner.this, inner.expression, block)
    elif isinstance(inner, exp.In) and len(inner.expressions) == 1:
        yield from _unequal(inner.this, inner.expressions[0], block)


def _unequal(left: Node, right: Node, block: Block) -> Iterator[Told]:
    found = column_of(left, block)
    if found is None:
        return
    if isinstance(bare(right), exp.Boolean) and base_type(found, block) == "boolean":
        yield found, Term(found.column, "false" if bare(right).this else "true")
        return
    literal, parameter = value_of(bare(right))
    if literal is not None or parameter:
        yield found, Term(found.column, "unequal", literal, parameter)


def _is(condition: Node, block: Block) -> Iterator[Told]:
    found = column_of(condition.this, block)
    if found is None:
        return
    if isinstance(condition.expression, exp.Null):
        yield found, Term(found.column, "null")
    elif isinstance(condition.expression, exp.Boolean):
        yield from _truth(condition.this, block, "true" if condition.expression.this else "false")


def _equal(left: Node, right: Node, block: Block) -> Iterator[Told]:
    found = column_of(left, block)
    if found is None:
        return
    right = bare(right)
    if isinstance(right, exp.Any):
        if fixed(right, block) and not isinstance(bare(right.this), exp.Query):
            yield found, Term(found.column, "list")
    elif isinstance(right, exp.Boolean):
        yield from _truth(left, block, "true" if right.this else "false")
    elif comparable(found, right, block):
        literal, parameter = value_of(right)
        yield found, Term(found.column, "equal", literal, parameter)


def _range(condition: Node, block: Block) -> Iterator[Told]:
    for one, other in ((condition.this, condition.expression), (condition.expression, condition.this)):
        left, right = _first(one), _first(other)
        yield from _compared(left, (right,), block, "range")


def _first(node: Node) -> Node:
    """The first field of a row: comparing rows compares them first."""
    node = bare(node)
    return bare(node.expressions[0]) if isinstance(node, exp.Tuple) and node.expressions else node


def _compared(left: Node, others: tuple[Node, ...], block: Block, kind: str) -> Iterator[Told]:
    found = column_of(left, block)
    if found is not None and all(comparable(found, bare(other), block) for other in others):
        yield found, Term(found.column, kind)


def _in(condition: exp.In, block: Block) -> Iterator[Told]:
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
