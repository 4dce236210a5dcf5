"""ORDER BY, GROUP BY, DISTINCT, LIMIT and min()/max() of a SELECT, as sort keys on its tables.

min() and max() read one end of an index, as ``ORDER BY ... LIMIT 1`` does
(https://www.postgresql.org/docs/18/indexes-ordering.html).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates import searching
from indexical.candidates.blocks import Block, Output, Source
from indexical.candidates.columns import column_of
from indexical.candidates.expressions import written
from indexical.candidates.facts import EQUAL_KINDS, Sort
from indexical.candidates.outputs import Outputs
from indexical.candidates.parsing import argument, bare, contains, folded
from indexical.model import Key

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

Wanted = tuple[tuple[Source, ...], Key, tuple[str, ...]]
"""The tables a sort key is on (several in a set operation), the key, and the columns it is computed from."""


def read(node: exp.Select, block: Block) -> None:
    """Puts sort keys, grouping and LIMIT into the block's tables."""
    limited = argument(node, "limit") is not None or argument(node, "fetch") is not None
    for source in block.sources:
        for table in source.tables():
            table.limited = table.limited or limited
    grouping = _grouping(node)
    if grouping:
        _group(grouping, block)
    elif not _read_extreme(node, block):
        _sort(node, block)
    _distinct_on(node, block)


def _sort(node: exp.Select, block: Block) -> None:
    clause = argument(node, "order")
    if clause is None or any(
        contains(item, exp.AggFunc) for item in node.expressions if not contains(item, exp.Window)
    ):
        return
    leading: tuple[Source, ...] = ()
    keys: list[Key] = []
    for number, item in enumerate(clause.expressions):
        meant = _meant(bare(item.this), node)
        if number == 0 and _nearest(meant, block):
            return
        found = _wanted(meant, block)
        if found is None:
            break
        sources, key, columns = found
        if key.column and all(_bound(source, key.column) for source in sources):
            continue
        if leading and set(map(id, sources)) != set(map(id, leading)):
            break
        leading = sources
        for source in sources:
            source.used |= set(columns)
        down, first = bool(item.args.get("desc")), bool(item.args.get("nulls_first"))
        keys.append(replace(key, descending=down, nulls_first=first))
    for source in leading:
        _put_order(source, keys)


def of_outputs(clause: Node, outputs: Outputs) -> None:
    """ORDER BY of a set operation, which names its columns: each arm may come in order from an index."""
    names = list(outputs)
    keys: list[tuple[Output, bool, bool]] = []
    for item in clause.expressions:
        meant = bare(item.this)
        name = folded(meant.this) if isinstance(meant, exp.Column) else ""
        if (
            isinstance(meant, exp.Literal)
            and str(meant.this).isdecimal()
            and 0 < int(meant.this) <= len(names)
        ):
            name = names[int(meant.this) - 1]
        output = outputs.get(name)
        if output is None or not output.sortable:
            break
        keys.append((output, bool(item.args.get("desc")), bool(item.args.get("nulls_first"))))
    wanted: dict[int, tuple[Source, list[Key]]] = {}
    for output, down, first in keys:
        for spot in output.spots:
            key = Key(column=spot.column, descending=down, nulls_first=first)
            wanted.setdefault(id(spot.source), (spot.source, []))[1].append(key)
            spot.source.used.add(spot.column)
    for source, sorts in wanted.values():
        _put_order(source, sorts)


def _put_order(source: Source, keys: list[Key]) -> None:
    unique = list({(key.column, key.expression): key for key in reversed(keys)}.values())[::-1]
    if any(key.expression for key in unique):
        source.sort_keys = tuple(unique)
    plain = []
    for key in unique:
        if not key.column:
            break
        plain.append(Sort(key.column, key.descending, key.nulls_first))
    source.order = tuple(plain)


def _nearest(node: Node, block: Block) -> bool:
    found = list(searching.nearest(node, block))
    for source, search in found:
        source.searches.append(search)
    return bool(found)


def _wanted(node: Node, block: Block) -> Wanted | None:
    found = block.resolve(node) or column_of(node, block)
    if found is not None:
        columns = {spot.column for spot in found.spots}
        if found.outer or not found.output.sortable or len(columns) != 1:
            return None
        return tuple(spot.source for spot in found.spots), Key.asc(found.column), (found.column,)
    made = written(node, block)
    if made is None or made.source is None:
        return None
    return (made.source,), Key(expression=made.sql), made.columns


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
    found = [_wanted(item, block) for item in items]
    wanted = [each for each in found if each is not None]
    if not wanted or len(wanted) != len(found) or any(len(each[0]) != 1 for each in wanted):
        return
    source = wanted[0][0][0]
    if any(each[0][0] is not source for each in wanted):
        return
    keys = tuple(dict.fromkeys(each[1] for each in wanted))
    source.used |= {name for each in wanted for name in each[2]}
    if any(key.expression for key in keys):
        source.group_keys = keys
    else:
        source.group = tuple(key.column for key in keys)


def _distinct_on(node: exp.Select, block: Block) -> None:
    distinct = argument(node, "distinct")
    on = distinct.args.get("on") if distinct is not None else None
    if on is None:
        return
    found = [_wanted(_meant(bare(item), node), block) for item in (on.expressions or [on])]
    wanted = [each for each in found if each is not None and each[1].column]
    if not wanted or len(wanted) != len(found) or len({id(s) for each in wanted for s in each[0]}) != 1:
        return
    source = wanted[0][0][0]
    source.distinct_on = tuple(dict.fromkeys(each[1].column for each in wanted))
    source.used |= set(source.distinct_on)


def _read_extreme(node: exp.Select, block: Block) -> bool:
    """``SELECT max(x) ...`` wants the last ``x`` that is not NULL."""
    ends = [item.unalias() for item in node.expressions]
    if len(ends) != 1 or not isinstance(ends[0], (exp.Min, exp.Max)) or ends[0].expressions:
        return False
    found = _wanted(bare(ends[0].this), block)
    if found is None:
        return False
    for source in found[0]:
        _put_order(source, [found[1]])
        source.limited = True
        source.used |= set(found[2])
    return True
