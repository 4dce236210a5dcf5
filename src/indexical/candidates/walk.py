"""The walk over a statement's query blocks: FROM lists, CTEs, views, subqueries; each block's conditions into its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates import conditions, mentions, sorting
from indexical.candidates.blocks import OPAQUE, Block, Found, Output, Source
from indexical.candidates.columns import column_of
from indexical.candidates.names import Names
from indexical.candidates.outputs import Outputs, closed, of_select, output_name, renamed, united
from indexical.candidates.parsing import argument, bare, folded
from indexical.model import Table, View

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

Ctes = Mapping[str, "Outputs | None"]
"""CTEs in sight: their columns, or None when those are not known."""
_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A query that was read, and its columns: None when they are not known."""

    known: Outputs | None = None
    select: tuple[exp.Select, Block] | None = None
    """A plain SELECT, whose columns are looked at only when somebody wants them."""

    @property
    def outputs(self) -> Outputs | None:
        return of_select(*self.select) if self.select is not None else self.known


@dataclass(slots=True)
class Walk:
    names: Names
    found: list[tuple[Source, Table]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)
    root: Node | None = None
    _mentioned: Counter[str] | None = None

    def statement(self, tree: Node) -> None:
        if self.root is None:
            self.root = tree
        if isinstance(tree, exp.Query):
            self.query(tree, {}, None)
            return
        self._write(tree, self._with(tree, {}, None))

    def query(self, node: Node, ctes: Ctes, parent: Block | None, *, handed_on: bool = False) -> _Read:
        """Reads a query. ``handed_on``: its columns are read as far as the query around it reads them."""
        while isinstance(node, (exp.Subquery, exp.Paren)) and not isinstance(node.this, exp.Table):
            ctes = self._with(node, ctes, parent)
            wrapped = node
            node = node.this
            if argument(wrapped, "limit") is not None or argument(wrapped, "offset") is not None:
                return _Read(closed(self.query(node, ctes, parent).outputs))
        ctes = self._with(node, ctes, parent)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, ctes, parent, handed_on=handed_on)
        if isinstance(node, _WRITES):
            self._write(node, ctes)
            returned = node.args.get("returning")
            names = [_name(item) for item in returned.expressions] if returned is not None else []
            return _Read(None if not all(names) else dict.fromkeys(names, OPAQUE))
        if isinstance(node, exp.Select):
            return self._select(node, ctes, parent, handed_on=handed_on)
        return _Read()

    def _set_operation(
        self, node: exp.SetOperation, ctes: Ctes, parent: Block | None, *, handed_on: bool
    ) -> _Read:
        plain = isinstance(node, exp.Union) and not node.args.get("distinct")
        lazily = handed_on and plain
        left = self.query(node.this, ctes, parent, handed_on=lazily).outputs
        right = self.query(node.expression, ctes, parent, handed_on=lazily).outputs
        outputs = united(left, right, keeps=not isinstance(node, exp.Except), plain=plain)
        limited = any(argument(node, part) is not None for part in ("limit", "offset", "fetch"))
        self._sort_union(node, outputs, limited=limited)
        return _Read(closed(outputs) if limited else outputs)

    def _sort_union(self, node: Node, outputs: Outputs | None, *, limited: bool) -> None:
        clause = argument(node, "order")
        if clause is None or outputs is None or not clause.expressions:
            return
        spots = {id(s.source): s.source for output in outputs.values() for s in output.spots}
        for source in spots.values():
            source.limited = source.limited or limited
        sorting.of_outputs(clause, outputs)

    def _with(self, node: Node, ctes: Ctes, parent: Block | None) -> Ctes:
        clause = argument(node, "with")
        if clause is None:
            return ctes
        seen = dict(ctes)
        for cte in clause.expressions:
            alias = cte.args.get("alias")
            name = folded(alias.this) if alias is not None else ""
            columns = (
                [folded(each) for each in (alias.args.get("columns") or ())] if alias is not None else []
            )
            recursive = bool(clause.args.get("recursive")) and _names_itself(cte.this, name)
            if recursive:
                seen[name] = dict.fromkeys(columns, OPAQUE) if columns else _recursive_outputs(cte.this)
            inlined = not recursive and self._is_inlined(cte, name)
            outputs = self.query(cte.this, seen, parent, handed_on=inlined).outputs
            outputs = renamed(outputs, columns) if columns else outputs
            seen[name] = outputs if inlined else closed(outputs)
        return seen

    def _is_inlined(self, cte: Node, name: str) -> bool:
        """Whether PostgreSQL takes a CTE for a derived table: https://www.postgresql.org/docs/18/queries-with.html."""
        asked = cte.args.get("materialized")
        if asked is True or isinstance(cte.this, _WRITES) or argument(cte.this, "locks") is not None:
            return False
        return asked is False or self._mentions(name) <= 1

    def _mentions(self, name: str) -> int:
        """How often a name stands in a FROM list: PostgreSQL computes a CTE named twice once, and for itself."""
        if self._mentioned is None:
            tables = self.root.find_all(exp.Table) if self.root is not None else ()
            self._mentioned = Counter(folded(table.this) for table in tables)
        return self._mentioned[name]

    def _select(self, node: exp.Select, ctes: Ctes, parent: Block | None, *, handed_on: bool) -> _Read:
        block = Block(self.names, parent)
        self._from(node, block, ctes)
        where = argument(node, "where")
        conditions.read(where.this if where else None, block)
        conditions.spread(block)
        self._mention(node, block, ctes, handed_on=handed_on)
        sorting.read(node, block)
        return _Read(select=(node, block))

    def _write(self, node: Node, ctes: Ctes) -> None:
        """UPDATE ... FROM, DELETE ... USING, MERGE: the target is one more table of the block."""
        if isinstance(node, exp.Insert):
            if isinstance(node.expression, exp.Query):
                self.query(node.expression, ctes, None)
            return
        if not isinstance(node.this, exp.Table):
            return
        block = Block(self.names)
        self._source(node.this, block, ctes)
        for source in block.sources:
            for table in source.tables():
                table.reads_all = True
        self._from(node, block, ctes)
        using = node.args.get("using")
        for extra in (
            using if isinstance(using, list) else [using] if isinstance(using, exp.Expression) else ()
        ):
            self._source(extra, block, ctes)
        matching = argument(node, "on")
        conditions.read(matching, block)
        where = argument(node, "where")
        conditions.read(where.this if where else None, block)
        conditions.spread(block)
        self._mention(node, block, ctes, handed_on=False)

    def _from(self, node: Node, block: Block, ctes: Ctes) -> None:
        clause = argument(node, "from")
        if clause is not None and clause.this is not None:
            self._source(clause.this, block, ctes)
        for join in node.args.get("joins") or ():
            self._join(join, block, ctes)
        for lateral in node.args.get("laterals") or ():
            self._source(lateral, block, ctes)

    def _join(self, join: Node, block: Block, ctes: Ctes) -> None:
        before = list(block.sources)
        self._source(join.this, block, ctes)
        after = block.sources[len(before) :]
        side = str(join.args.get("side") or "").upper()
        condition = argument(join, "on")
        if condition is not None:
            conditions.read(condition, block, only=_nullable_side(side, before, after))
        names = [folded(name) for name in join.args.get("using") or ()]
        if str(join.args.get("method") or "").upper() == "NATURAL":
            names = _shared_names(before, after)
        for name in names:
            _join_using(name, side, before, after, block)

    def _source(self, node: Node, block: Block, ctes: Ctes) -> None:
        """One entry of a FROM list, with whatever is joined to it inside parentheses."""
        alias = _alias(node)
        if isinstance(node, exp.Lateral):
            read = self._derived(node.this, ctes, block) if isinstance(node.this, exp.Query) else None
            block.sources.append(Source(alias, None, _under_alias(node, read)))
        elif isinstance(node, (exp.Subquery, exp.Paren)) and isinstance(node.this, exp.Table):
            self._source(node.this, block, ctes)
        elif isinstance(node, exp.Query):
            block.sources.append(
                Source(alias, None, _under_alias(node, self._derived(node, ctes, block.parent)))
            )
        elif isinstance(node, exp.Table):
            block.sources.append(self._table(node, alias, ctes))
        else:
            block.sources.append(Source(alias, None, _under_alias(node, None)))
        for join in (node.args.get("joins") or ()) if not isinstance(node, exp.Select) else ():
            self._join(join, block, ctes)

    def _derived(self, node: Node, ctes: Ctes, parent: Block | None) -> Outputs | None:
        return self.query(node, ctes, parent, handed_on=True).outputs

    def _table(self, node: exp.Table, alias: str, ctes: Ctes) -> Source:
        if not isinstance(node.this, exp.Identifier):
            return Source(alias, None, _under_alias(node, None))
        name, schema = folded(node.this), folded(node.args.get("db"))
        if not schema and name in ctes:
            return Source(alias, None, _under_alias(node, ctes[name]))
        found = self.names.find(schema, name)
        if isinstance(found, View):
            return self._view(node, alias, found)
        if found is None:
            self.missing.add(f"{schema}.{name}" if schema else name)
            return Source(alias, None, _under_alias(node, None))
        source = Source(alias, found)
        self.found.append((source, found))
        names = _column_aliases(node)
        if not names:
            return source
        if len(names) > len(found.columns):
            self.renamed.add(found.qualified)
        own = {column.name: source.output(column.name) for column in found.columns}
        return Source(alias, None, renamed(own, names))

    def _view(self, node: exp.Table, alias: str, view: View) -> Source:
        tree = self.names.definition(view)
        if tree is None:
            self.missing.add(f"{view.schema}.{view.name}")
            return Source(alias, None, _under_alias(node, None))
        outputs = self._of_view(tree)
        if view.columns:
            outputs = renamed(outputs, list(view.columns))
        return Source(alias, None, _under_alias(node, outputs))

    def _of_view(self, tree: Node) -> Outputs | None:
        """A view's columns; the CTEs in its definition are its own."""
        root, mentioned = self.root, self._mentioned
        self.root, self._mentioned = tree, None
        outputs = self._derived(tree, {}, None)
        self.root, self._mentioned = root, mentioned
        return outputs

    def _mention(self, node: Node, block: Block, ctes: Ctes, *, handed_on: bool) -> None:
        for query in mentions.read(node, block, handed_on=handed_on):
            self._subquery(query, block, ctes)

    def _subquery(self, node: Node, block: Block, ctes: Ctes) -> None:
        """A query inside an expression; ``x IN (SELECT y ...)`` joins x and y."""
        exists = isinstance(node.parent, exp.Exists)
        inner = self.query(node, ctes, block, handed_on=exists)
        outer = mentions.tested(node)
        outputs = inner.outputs if outer is not None else None
        if outer is None or outputs is None:
            return
        left = bare(outer)
        pairs = zip(
            left.expressions if isinstance(left, exp.Tuple) else [left], outputs.values(), strict=False
        )
        for one, output in pairs:
            _join_subquery(column_of(one, block), output)


def _join_subquery(found: Found | None, output: Output) -> None:
    if found is not None and not found.outer:
        for spot in found.spots:
            spot.source.join(spot.column, None)
    for spot in output.spots:
        spot.source.join(spot.column, found.source if found is not None else None)
        spot.source.used.add(spot.column)


def _nullable_side(side: str, before: list[Source], after: list[Source]) -> frozenset[int] | None:
    """The entries whose rows a constant in ON can leave out; None for an inner join, where that is all of them."""
    if side == "LEFT":
        return frozenset(map(id, after))
    if side == "RIGHT":
        return frozenset(map(id, before))
    return frozenset() if side == "FULL" else None


def _shared_names(before: list[Source], after: list[Source]) -> list[str]:
    theirs = [name for source in after for name in source.names() or ()]
    return [name for source in before for name in source.names() or () if name in theirs]


def _join_using(name: str, side: str, before: list[Source], after: list[Source], block: Block) -> None:
    left = block.merged.get(name) or next((source for source in before if source.has(name)), None)
    right = next((source for source in after if source.has(name)), None)
    block.merged[name] = None if side == "FULL" else right if side == "RIGHT" else left
    if left is None or right is None:
        return
    one, other = Found(left, left.output(name), False), Found(right, right.output(name), False)
    for found in (one, other):
        for spot in found.spots:
            spot.source.used.add(spot.column)
            spot.source.read.add(spot.column)
    if one.spots and other.spots:
        conditions.link(one, other)
        conditions.equate(one, other, block, _nullable_side(side, before, after))
    else:
        for spot in (*one.spots, *other.spots):
            spot.source.join(spot.column, None)


def _alias(node: Node) -> str:
    alias = node.args.get("alias")
    if alias is not None:
        return folded(alias.this if isinstance(alias, exp.TableAlias) else alias)
    return folded(node.this) if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier) else ""


def _column_aliases(node: Node) -> list[str]:
    alias = node.args.get("alias")
    return (
        [folded(each) for each in alias.args.get("columns") or ()]
        if isinstance(alias, exp.TableAlias)
        else []
    )


def _under_alias(node: Node, outputs: Outputs | None) -> Outputs | None:
    names = _column_aliases(node)
    return renamed(outputs, names) if names else outputs


def _recursive_outputs(query: Node) -> Outputs | None:
    """The columns of a recursive CTE while it is read: those of its first arm, leading nowhere."""
    while isinstance(query, (exp.Subquery, exp.Paren, exp.SetOperation)):
        query = query.this
    names = [_name(item) for item in query.expressions] if isinstance(query, exp.Select) else [""]
    return dict.fromkeys(names, OPAQUE) if all(names) else None


def _name(item: Node) -> str:
    return "" if isinstance(item, exp.Star) or isinstance(item.this, exp.Star) else output_name(item)


def _names_itself(query: Node, name: str) -> bool:
    return any(folded(table.this) == name for table in query.find_all(exp.Table))
