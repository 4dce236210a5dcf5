"""Query blocks and what their names mean: aliases, CTEs, derived tables, views, outer queries.

A block is one SELECT, UPDATE or DELETE with its own FROM list. Names resolve as PostgreSQL does it
(https://www.postgresql.org/docs/18/queries-table-expressions.html): a CTE hides a table of the same name, an inner block sees the
columns of the outer ones. A column of a derived table leads to the table's column that it hands on, as far as PostgreSQL moves a
condition from outside to there (``subquery_is_pushdown_safe`` in its planner): not past LIMIT, DISTINCT ON and windows of other
columns, aggregates, materialised CTEs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.facts import Search, Sort, Term
from indexical.candidates.names import Names
from indexical.candidates.parsing import folded
from indexical.model import Key, Table

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node


@dataclass(slots=True, eq=False)
class Source:
    """One entry of a FROM list; those with a table are filled while the statement is read."""

    alias: str
    table: Table | None = None
    """None for anything that is not itself a table of the catalog: a CTE, a derived table, a view, a function."""
    outputs: Mapping[str, Output] | None = None
    """Columns where there is no table, in their order; None when they are not known."""
    terms: list[Term] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)
    joins: dict[str, list[Source | None]] = field(default_factory=dict)
    """Join columns, each with what is on the other side: None when that is not a table of the catalog."""
    correlated: set[str] = field(default_factory=set)
    alternatives: list[tuple[Term, ...]] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    order: tuple[Sort, ...] = ()
    sort_keys: tuple[Key, ...] = ()
    group: tuple[str, ...] = ()
    group_keys: tuple[Key, ...] = ()
    distinct_on: tuple[str, ...] = ()
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

    def names(self) -> tuple[str, ...] | None:
        """All columns in their order; None when they are not known."""
        if self.table is not None:
            return tuple(column.name for column in self.table.columns)
        return None if self.outputs is None else tuple(self.outputs)

    def output(self, name: str) -> Output:
        """What a column of the source comes from; it must be one of its columns."""
        if self.table is not None:
            return Output((Spot(self, name),), sortable=True)
        return (self.outputs or {}).get(name, OPAQUE)

    def tables(self) -> Iterator[Source]:
        """The tables behind the source that its columns lead to."""
        if self.table is not None:
            yield self
            return
        found = {id(s.source): s.source for each in (self.outputs or {}).values() for s in each.spots}
        yield from found.values()


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A column of a table in a FROM list."""

    source: Source
    column: str


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """Where the values of a derived table's column come from."""

    spots: tuple[Spot, ...] = ()
    """Columns that a condition on it is a condition on; several for a set operation, none when it leads nowhere."""
    node: Node | None = None
    """The expression that it is, when it is not a column and conditions on it may be moved inside."""
    block: Block | None = None
    """Where ``node`` stands."""
    sortable: bool = False
    """Whether sorting by it can be left to an index of the table."""


OPAQUE = Output()


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a column in an expression means."""

    entry: Source
    """The entry of the FROM list that has it."""
    output: Output
    outer: bool
    """It belongs to an outer block: one value for each run of this one."""

    @property
    def spots(self) -> tuple[Spot, ...]:
        return self.output.spots

    @property
    def source(self) -> Source:
        return self.output.spots[0].source

    @property
    def column(self) -> str:
        return self.output.spots[0].column


def _narrowed(source: Source | None, seen: set[int]) -> bool:
    if source is None or source.terms or source.alternatives or source.searches:
        return True
    if id(source) in seen:
        return False
    seen.add(id(source))
    partners = [partner for column in source.joins.values() for partner in column]
    return any(_narrowed(partner, seen) for partner in partners if partner is None or id(partner) not in seen)


@dataclass(slots=True, eq=False)
class Block:
    names: Names
    parent: Block | None = None
    sources: list[Source] = field(default_factory=list)
    merged: dict[str, Source | None] = field(default_factory=dict)
    """Columns that USING or NATURAL made one of two, and the source that stands for them; None when neither does."""
    equal: list[tuple[Spot, Spot]] = field(default_factory=list)
    """Columns of the block's tables that are equal in every row of its result."""
    following: list[tuple[Spot, Spot]] = field(default_factory=list)
    """Columns of which the second has the first one's value wherever an outer join found a row for it."""
    _known: dict[tuple[int, str, str, str], Found | None] = field(default_factory=dict)

    def resolve(self, node: Node) -> Found | None:
        """The table's column that a column node leads to; None when that is not certain or it leads to none."""
        found = self.means(node)
        return found if found is not None and found.spots else None

    def means(self, node: Node) -> Found | None:
        """The entry of a FROM list that a column node belongs to, whether or not it leads to a table."""
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        name, qualifier = folded(node.this), folded(node.args.get("table"))
        known = len(self.sources), name, qualifier, folded(node.args.get("db"))
        if known not in self._known:
            self._known[known] = self._means(*known[1:])
        return self._known[known]

    def _means(self, name: str, qualifier: str, schema: str) -> Found | None:
        block: Block | None = self
        while block is not None:
            found = block._own(name, qualifier, schema)
            if found == "ambiguous":
                return None
            if isinstance(found, Source):
                return Found(found, found.output(name), block is not self)
            block = block.parent
        return None

    def entry_of(self, table: Source) -> Source | None:
        """The entry of the FROM list that leads to a table."""
        return next((entry for entry in self.sources if any(table is each for each in entry.tables())), None)

    def _own(self, name: str, qualifier: str, schema: str) -> Source | str:
        if qualifier:
            named = [
                source
                for source in self.sources
                if source.alias == qualifier
                and (not schema or source.table is None or source.table.schema == schema)
            ]
            if not named:
                return ""
            return named[0] if named[0].has(name) is not False else "ambiguous"
        if name in self.merged:
            return self.merged[name] or "ambiguous"
        having = [source for source in self.sources if source.has(name)]
        maybe = [source for source in self.sources if source.has(name) is None]
        if len(having) == 1 and not maybe:
            return having[0]
        return "ambiguous" if having or maybe else ""
