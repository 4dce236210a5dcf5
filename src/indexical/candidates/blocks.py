"""Query blocks and what their names mean: aliases, CTEs, derived tables, outer queries.

A block is one SELECT, UPDATE or DELETE with its own FROM list. Names resolve as PostgreSQL does it
(https://www.postgresql.org/docs/18/queries-table-expressions.html): a CTE hides a table of the same name, an unqualified table is
looked for in ``public`` and then wherever its name is unique, an inner block sees the columns of the outer ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.facts import Sort, Term
from indexical.candidates.parsing import folded
from indexical.model import Catalog, Table

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

Outputs = Mapping[str, "frozenset[str] | None"]
"""CTEs in sight: the names of their columns, or None when those are not known."""


@dataclass(slots=True, eq=False)
class Source:
    """One entry of a FROM list, filled while the block is read."""

    alias: str
    table: Table | None
    """None for anything that is not a table of the catalog: a CTE, a derived table, a function."""
    outputs: frozenset[str] | None = None
    """Column names where there is no table; None when not known."""
    terms: list[Term] = field(default_factory=list)
    joins: dict[str, list[Source | None]] = field(default_factory=dict)
    """Join columns, each with what is on the other side: None when that is not a table of the catalog."""
    correlated: set[str] = field(default_factory=set)
    alternatives: list[tuple[Term, ...]] = field(default_factory=list)
    order: tuple[Sort, ...] = ()
    group: tuple[str, ...] = ()
    limited: bool = False
    used: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    reads_all: bool = False

    def join(self, column: str, partner: Source | None) -> None:
        self.joins.setdefault(column, []).append(partner)

    def driven(self, column: str) -> bool:
        """Whether the other side of a join can be narrowed down first, so that this side is looked up by the column."""
        return any(_narrowed(partner, {id(self)}) for partner in self.joins[column])

    def has(self, column: str) -> bool | None:
        """Whether the source has the column; None when it may."""
        if self.table is not None:
            return self.table.column(column) is not None
        return None if self.outputs is None else column in self.outputs


def _narrowed(source: Source | None, seen: set[int]) -> bool:
    if source is None or source.terms or source.alternatives:
        return True
    if id(source) in seen:
        return False
    seen.add(id(source))
    partners = [partner for column in source.joins.values() for partner in column]
    return any(_narrowed(partner, seen) for partner in partners if partner is None or id(partner) not in seen)


@dataclass(slots=True, eq=False)
class Block:
    parent: Block | None = None
    sources: list[Source] = field(default_factory=list)

    def resolve(self, node: Node) -> tuple[Source, str, bool] | None:
        """The table and column a column node means, and whether it belongs to an outer block; None when that is not certain."""
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        name, qualifier = folded(node.this), folded(node.args.get("table"))
        block: Block | None = self
        while block is not None:
            found = block._own(name, qualifier)
            if found == "ambiguous":
                return None
            if isinstance(found, Source):
                return (found, name, block is not self) if found.table is not None else None
            block = block.parent
        return None

    def _own(self, name: str, qualifier: str) -> Source | str:
        if qualifier:
            named = [source for source in self.sources if source.alias == qualifier]
            if not named:
                return ""
            return named[0] if named[0].has(name) is not False else "ambiguous"
        having = [source for source in self.sources if source.has(name)]
        maybe = [source for source in self.sources if source.has(name) is None]
        if len(having) == 1 and not maybe:
            return having[0]
        return "ambiguous" if having or maybe else ""

    def source(self, alias: str) -> Source | None:
        return next((source for source in self.sources if source.alias == alias), None)


def find_table(catalog: Catalog, node: exp.Table) -> Table | None:
    """The catalog's table that a name in a FROM list means."""
    name, schema = folded(node.this), folded(node.args.get("db"))
    if schema:
        return catalog.table(schema, name)
    public = catalog.table("public", name)
    if public is not None:
        return public
    found = [table for table in catalog.tables if table.name == name]
    return found[0] if len(found) == 1 else None


def output_names(query: Node) -> frozenset[str] | None:
    """The column names a query delivers; None when a star hides them."""
    while isinstance(query, (exp.Subquery, exp.Paren)):
        query = query.this
    while isinstance(query, exp.SetOperation):
        query = query.this
        while isinstance(query, (exp.Subquery, exp.Paren)):
            query = query.this
    if not isinstance(query, exp.Select):
        return None
    names = set()
    for item in query.expressions:
        if isinstance(item, exp.Star) or isinstance(item.this, exp.Star):
            return None
        alias = item.args.get("alias")
        named = alias if alias is not None else item.this if isinstance(item, exp.Column) else None
        if named is not None:
            names.add(folded(named))
    return frozenset(names)
