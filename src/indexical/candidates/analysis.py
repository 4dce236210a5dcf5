"""One statement's tree to :class:`TableFacts`: every query block, every table in it, what is asked of it.

The walk follows PostgreSQL's SELECT, UPDATE, DELETE and INSERT (https://www.postgresql.org/docs/18/sql-select.html). It does not
rewrite queries: what the planner does with subqueries and outer joins is the planner's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates import conditions, sorting
from indexical.candidates.blocks import Block, Outputs, Source, find_table, output_names
from indexical.candidates.facts import TableFacts, Term
from indexical.candidates.parsing import argument, bare, conjuncts, folded, parse
from indexical.model import Catalog, Table

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node


@dataclass(frozen=True, slots=True)
class Analysis:
    tables: tuple[TableFacts, ...] = ()
    missing: tuple[str, ...] = ()
    """Relations that the catalog does not have."""
    renamed: tuple[str, ...] = ()
    """Tables whose columns the statement gives other names, which are not followed."""
    refusal: str = ""
    """Why the statement could not be read at all."""


def analyse(sql: str, catalog: Catalog) -> Analysis:
    """What the SQL asks of the catalog's tables. Never raises for what stands in the SQL."""
    tree = parse(sql)
    if isinstance(tree, str):
        return Analysis(refusal=tree)
    if isinstance(tree, (exp.Update, exp.Delete)) and not isinstance(tree.this, exp.Table):
        return Analysis(refusal="it does not say which table it writes to")
    walk = _Walk(catalog)
    try:
        walk.statement(tree)
    except RecursionError:
        return Analysis(refusal="the SQL is nested too deeply to be read")
    return Analysis(
        tuple(_finished(source, table) for source, table in walk.found),
        tuple(sorted(walk.missing)),
        tuple(sorted(walk.renamed)),
    )


@dataclass(slots=True)
class _Walk:
    catalog: Catalog
    found: list[tuple[Source, Table]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)

    def statement(self, tree: Node) -> None:
        if isinstance(tree, exp.Query):
            self.query(tree, {}, None)
            return
        ctes = self._with(tree, {}, None)
        if isinstance(tree, exp.Insert):
            if isinstance(tree.expression, exp.Query):
                self.query(tree.expression, ctes, None)
        else:
            self._write(tree, ctes)

    def query(self, node: Node, ctes: Outputs, parent: Block | None) -> Block | None:
        """Reads a query; gives back the block of a plain SELECT."""
        while isinstance(node, (exp.Subquery, exp.Paren)) and not isinstance(node.this, exp.Table):
            ctes = self._with(node, ctes, parent)
            node = node.this
        ctes = self._with(node, ctes, parent)
        if isinstance(node, exp.SetOperation):
            self.query(node.this, ctes, parent)
            self.query(node.expression, ctes, parent)
            return None
        if isinstance(node, (exp.Insert, exp.Update, exp.Delete)):
            self.statement(node)
            return None
        return self._select(node, ctes, parent) if isinstance(node, exp.Select) else None

    def _with(self, node: Node, ctes: Outputs, parent: Block | None) -> Outputs:
        clause = argument(node, "with")
        if clause is None:
            return ctes
        seen = dict(ctes)
        for cte in clause.expressions:
            alias = cte.args.get("alias")
            name = folded(alias.this) if alias is not None else ""
            columns = alias.args.get("columns") if alias is not None else None
            outputs = frozenset(map(folded, columns)) if columns else output_names(cte.this)
            if clause.args.get("recursive"):
                seen[name] = outputs
            self.query(cte.this, seen, parent)
            seen[name] = outputs
        return seen

    def _select(self, node: exp.Select, ctes: Outputs, parent: Block | None) -> Block:
        block = Block(parent)
        joins = self._from(node, block, ctes)
        where = argument(node, "where")
        conditions.read(where.this if where else None, block)
        self._equate(block, [where.this if where else None, *joins])
        self._mention(node, block, ctes)
        sorting.read(node, block)
        return block

    def _write(self, node: Node, ctes: Outputs) -> None:
        """UPDATE ... FROM and DELETE ... USING: the target is one more table of the block."""
        if not isinstance(node.this, exp.Table):
            return
        block = Block()
        self._source(node.this, block, ctes)
        for source in block.sources:
            source.reads_all = True
        joins = self._from(node, block, ctes)
        for extra in node.args.get("using") or ():
            joins += self._source(extra, block, ctes)
        where = argument(node, "where")
        conditions.read(where.this if where else None, block)
        self._equate(block, [where.this if where else None, *joins])
        self._mention(node, block, ctes)

    def _from(self, node: Node, block: Block, ctes: Outputs) -> list[Node]:
        """The FROM list into the block; gives back the join conditions."""
        clause = argument(node, "from")
        read = (
            self._source(clause.this, block, ctes) if clause is not None and clause.this is not None else []
        )
        for join in node.args.get("joins") or ():
            read += self._join(join, block, ctes)
        for lateral in node.args.get("laterals") or ():
            read += self._source(lateral, block, ctes)
        return read

    def _join(self, join: Node, block: Block, ctes: Outputs) -> list[Node]:
        before = list(block.sources)
        read = self._source(join.this, block, ctes)
        after = [source for source in block.sources if source not in before]
        condition = argument(join, "on")
        if condition is not None:
            conditions.read(condition, block, only=_nullable_side(join, before, after))
            read.append(condition)
        for name in join.args.get("using") or ():
            _join_using(folded(name), before, after)
        return read

    def _source(self, node: Node, block: Block, ctes: Outputs) -> list[Node]:
        """One entry of a FROM list, with whatever is joined to it inside parentheses."""
        read: list[Node] = []
        if isinstance(node, exp.Lateral):
            if isinstance(node.this, exp.Query):
                self.query(node.this, ctes, block)
            block.sources.append(Source(_alias(node), None, _outputs(node)))
        elif isinstance(node, (exp.Subquery, exp.Paren)) and isinstance(node.this, exp.Table):
            read += self._source(node.this, block, ctes)
        elif isinstance(node, exp.Query):
            self.query(node, ctes, block.parent)
            block.sources.append(Source(_alias(node), None, _outputs(node)))
        elif isinstance(node, exp.Table):
            block.sources.append(self._table(node, ctes))
        else:
            block.sources.append(Source(_alias(node), None))
        for join in (node.args.get("joins") or ()) if not isinstance(node, exp.Select) else ():
            read += self._join(join, block, ctes)
        return read

    def _table(self, node: exp.Table, ctes: Outputs) -> Source:
        alias = _alias(node)
        renamed = node.args.get("alias")
        if not isinstance(node.this, exp.Identifier):
            return Source(alias, None, _outputs(node))
        name = folded(node.this)
        other_names = renamed is not None and bool(renamed.args.get("columns"))
        if not node.args.get("db") and name in ctes:
            return Source(alias, None, _outputs(node) if other_names else ctes[name])
        table = find_table(self.catalog, node)
        if other_names and table is not None:
            self.renamed.add(table.qualified)
            return Source(alias, None, _outputs(node))
        if table is None:
            schema = folded(node.args.get("db"))
            self.missing.add(f"{schema}.{name}" if schema else name)
            return Source(alias, None)
        source = Source(alias, table)
        self.found.append((source, table))
        return source

    def _equate(self, block: Block, trees: list[Node | None]) -> None:
        """What is known of a column is known of every column it is joined to: the planner derives it too."""
        groups: list[set[tuple[int, str]]] = []
        members: Mapping[int, Source] = {id(source): source for source in block.sources}
        for tree in trees:
            for condition in conjuncts(tree):
                for one, left, other, right in conditions.equated_columns(condition, block):
                    _unite(groups, (id(one), left), (id(other), right))
        for group in groups:
            known = sorted(
                {
                    term
                    for owner, column in group
                    for term in members[owner].terms
                    if term.column == column and term.kind in ("equal", "list")
                },
                key=lambda term: term.rank[1:],
            )
            for owner, column in group:
                has = {term.kind for term in members[owner].terms if term.column == column}
                members[owner].terms += [
                    Term(column, term.kind, term.literal, term.parameter)
                    for term in known
                    if term.kind not in has
                ]

    def _mention(self, node: Node, block: Block, ctes: Outputs) -> None:
        """Which columns the block mentions, and the subqueries in its expressions."""
        for part, selecting in _parts(node):
            for inner in _own_nodes(part):
                if isinstance(inner, exp.Query):
                    self._subquery(inner, block, ctes)
                elif isinstance(inner, exp.Star):
                    _mention_star(inner, block)
                elif (found := block.resolve(inner)) is not None:
                    found[0].read.add(found[1])
                    if not selecting or found[2]:
                        found[0].used.add(found[1])

    def _subquery(self, node: Node, block: Block, ctes: Outputs) -> None:
        inner = self.query(node, ctes, block)
        outer = _tested(node)
        found = conditions.column_of(outer, block) if outer is not None else None
        if outer is None or inner is None:
            return
        if found is not None and not found[2]:
            found[0].join(found[1], None)
        query = node
        while isinstance(query, (exp.Subquery, exp.Paren)):
            query = query.this
        chosen = query.expressions[0] if len(query.expressions) == 1 else None
        target = conditions.column_of(chosen.unalias(), inner) if chosen is not None else None
        if target is not None and not target[2]:
            target[0].join(target[1], found[0] if found is not None else None)
            target[0].used.add(target[1])


def _tested(node: Node) -> Node | None:
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


def _nullable_side(join: Node, before: list[Source], after: list[Source]) -> frozenset[str] | None:
    """The aliases whose rows a constant in ON can leave out; None for an inner join, where that is all of them."""
    side = str(join.args.get("side") or "").upper()
    if side == "LEFT":
        return frozenset(source.alias for source in after)
    if side == "RIGHT":
        return frozenset(source.alias for source in before)
    return frozenset() if side == "FULL" else None


def _join_using(name: str, before: list[Source], after: list[Source]) -> None:
    sides = (*[s for s in before if s.has(name)][:1], *[s for s in after if s.has(name)][:1])
    for source, other in zip(sides, reversed(sides), strict=True):
        source.join(name, other)
        source.used.add(name)
        source.read.add(name)


def _unite(groups: list[set[tuple[int, str]]], one: tuple[int, str], other: tuple[int, str]) -> None:
    touched = [group for group in groups if one in group or other in group]
    merged = {one, other}.union(*touched)
    groups[:] = [group for group in groups if group not in touched] + [merged]


def _alias(node: Node) -> str:
    alias = node.args.get("alias")
    if alias is not None:
        return folded(alias.this if isinstance(alias, exp.TableAlias) else alias)
    return folded(node.this) if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier) else ""


def _outputs(node: Node) -> frozenset[str] | None:
    alias = node.args.get("alias")
    columns = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    if columns:
        return frozenset(map(folded, columns))
    return output_names(node.this) if isinstance(node.this, exp.Query) else None


def _parts(node: Node) -> Iterator[tuple[Node, bool]]:
    """The expressions of a block outside its FROM list, and whether they are only read, not searched or sorted by."""
    selecting = isinstance(node, exp.Select)
    for part in node.expressions:
        yield part, True
    for part in node.args.get("joins") or ():
        if part.args.get("on") is not None:
            yield part.args["on"], False
    for name in ("where", "group", "having", "order", "distinct", "qualify", "limit", "offset", "returning"):
        part = argument(node, name)
        if part is not None:
            yield part, name in ("having", "returning", "limit", "offset")
    for part in (node.args.get("windows") or ()) if selecting else ():
        yield part, True


def _own_nodes(part: Node) -> Iterator[Node]:
    """The nodes of an expression; of a subquery only its root."""
    yield from part.walk(prune=lambda inner: isinstance(inner, exp.Query))


def _mention_star(star: Node, block: Block) -> None:
    if isinstance(star.parent, exp.Count):
        return
    qualifier = folded(star.parent.args.get("table")) if isinstance(star.parent, exp.Column) else ""
    for source in block.sources:
        if not qualifier or source.alias == qualifier:
            source.reads_all = True


def _finished(source: Source, table: Table) -> TableFacts:
    searched = {term.column for term in source.terms} | {t.column for arm in source.alternatives for t in arm}
    used = source.used | searched | set(source.joins)
    return TableFacts(
        table=table,
        terms=tuple(sorted(set(source.terms), key=lambda term: term.rank)),
        joins=tuple(sorted(source.joins)),
        driven=tuple(sorted(column for column in source.joins if source.driven(column))),
        correlated=tuple(sorted(source.correlated)),
        alternatives=tuple(dict.fromkeys(source.alternatives)),
        order=source.order,
        group=source.group,
        limited=source.limited,
        used=tuple(sorted(used)),
        read=tuple(sorted(source.read | used)),
        reads_all=source.reads_all,
    )
