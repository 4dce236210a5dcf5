"""ORDER BY, GROUP BY, DISTINCT, LIMIT and min()/max() of a SELECT, as sort keys on its tables.

min() and max() read one end of an index, as ``ORDER BY ... LIMIT 1`` does
(https://www.postgresql.org/docs/18/indexes-ordering.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.blocks import Block, Source
from indexical.candidates.facts import EQUAL_KINDS, Sort
from indexical.candidates.parsing import argument, bare, folded

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node


def read(node: exp.Select, block: Block) -> None:
    """Puts sort keys, grouping and LIMIT into the block's sources."""
    limited = argument(node, "limit") is not None or argument(node, "fetch") is not None
    for source in block.sources:
        source.limited = limited
    grouping = _grouping(node)
    if grouping:
        _group(grouping, block)
    elif not _read_extreme(node, block):
        _sort(node, block)


def _sort(node: exp.Select, block: Block) -> None:
    clause = argument(node, "order")
    if clause is None or any(
        item.find(exp.AggFunc) for item in node.expressions if not item.find(exp.Window)
    ):
        return
    leading: Source | None = None
    keys: list[Sort] = []
    for item in clause.expressions:
        found = block.resolve(_meant(bare(item.this), node))
        if found is None or found[2]:
            break
        if _bound(found[0], found[1]):
            continue
        if leading is not None and found[0] is not leading:
            break
        leading = found[0]
        keys.append(Sort(found[1], bool(item.args.get("desc")), bool(item.args.get("nulls_first"))))
    if leading is not None:
        leading.order = tuple({key.column: key for key in reversed(keys)}[c] for c in _names(keys))
        leading.used |= set(_names(keys))


def _names(keys: list[Sort]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key.column for key in keys))


def _bound(source: Source, column: str) -> bool:
    if column in source.correlated:
        return True
    return any(term.column == column and term.kind in EQUAL_KINDS for term in source.terms)


def _meant(item: Node, node: exp.Select) -> Node:
    """The expression behind an output's number or name: PostgreSQL takes an output's name before a column's."""
    if isinstance(item, exp.Literal) and not item.is_string:
        place = int(item.this) - 1 if str(item.this).isdecimal() else -1
        return bare(node.expressions[place].unalias()) if 0 <= place < len(node.expressions) else item
    if isinstance(item, exp.Column) and not item.args.get("table"):
        for output in node.expressions:
            if isinstance(output, exp.Alias) and folded(output.args["alias"]) == folded(item.this):
                return bare(output.this)
    return item


def _grouping(node: exp.Select) -> list[Node]:
    clause = argument(node, "group")
    if clause is not None:
        return [_meant(bare(item), node) for item in clause.expressions]
    distinct = argument(node, "distinct")
    if distinct is None or distinct.args.get("on") is not None:
        return []
    return [bare(item.unalias()) for item in node.expressions]


def _group(items: list[Node], block: Block) -> None:
    found = [block.resolve(item) for item in items]
    first = found[0]
    if first is None or any(each is None or each[0] is not first[0] or each[2] for each in found):
        return
    source = first[0]
    source.group = tuple(dict.fromkeys(each[1] for each in found if each is not None))
    source.used |= set(source.group)


def _read_extreme(node: exp.Select, block: Block) -> bool:
    """``SELECT max(x) ...`` wants the last ``x`` that is not NULL."""
    ends = [item.unalias() for item in node.expressions]
    if len(ends) != 1 or not isinstance(ends[0], (exp.Min, exp.Max)):
        return False
    found = block.resolve(bare(ends[0].this))
    if found is None or found[2]:
        return False
    found[0].order = (Sort(found[1]),)
    found[0].limited = True
    found[0].used.add(found[1])
    return True
