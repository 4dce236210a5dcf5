"""What one statement asks of the tables it reads: the input of every rule.

A :class:`TableFacts` stands for one mention of a table in one query block; a table mentioned twice has two of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model import Key, Statement, Table

EQUAL_KINDS = frozenset({"equal", "true", "false", "null"})
"""Conditions that bind a column to one value, so that what follows it in an index stays ordered."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on one column."""

    column: str
    kind: str
    """equal | true | false | null | notnull | list | range | unequal"""
    literal: str | None = None
    """The value as the SQL writes it, without quotes; None when it is not a constant there."""
    parameter: int = 0
    """The ``n`` of ``$n`` when that is all the value is; 0 otherwise."""

    @property
    def rank(self) -> tuple[str, str, str, int]:
        """For sorting: a missing literal has no order of its own."""
        return self.column, self.kind, self.literal or "", self.parameter


@dataclass(frozen=True, slots=True, order=True)
class Sort:
    column: str
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Search:
    """One condition that no plain B-tree on a column serves: on an expression, or by an operator of another kind of index."""

    key: Key
    """What an index would hold, without the operator class. An expression has ``$n`` where the statement has a parameter."""
    kind: str
    """Of an expression: equal | list | range | join. Of text: like | ilike | regex | iregex | starts.
    Otherwise: contains | contained | overlaps | adjacent | within | has | path | member | words | nearest."""
    columns: tuple[str, ...] = ()
    """Columns that the key is computed from, sorted."""
    type: str = ""
    """Of the key, without its length; empty when unknown."""
    pattern: tuple[str, ...] = ()
    """Of text: the pattern's pieces in order, ``=abc`` a literal, ``$2`` a parameter, ``?`` anything else."""
    escape: bool = False
    """The pattern has an ESCAPE of its own."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    table: Table
    terms: tuple[Term, ...] = ()
    """Conditions that hold together, sorted."""
    joins: tuple[str, ...] = ()
    """Columns compared with a column of another table, sorted."""
    driven: tuple[str, ...] = ()
    """Those of ``joins`` whose other side can be narrowed down before this table is looked at."""
    correlated: tuple[str, ...] = ()
    """Those of ``joins`` whose other side is fixed for each run of the block: an outer query's column."""
    alternatives: tuple[tuple[Term, ...], ...] = ()
    """Arms of an OR that is about this table in every arm."""
    order: tuple[Sort, ...] = ()
    """Leading sort keys on this table, up to the first that is not a column of it."""
    group: tuple[str, ...] = ()
    """GROUP BY or DISTINCT columns, when all are on this table."""
    limited: bool = False
    used: tuple[str, ...] = ()
    """Columns that conditions, joins, sorting or grouping mention, sorted."""
    read: tuple[str, ...] = ()
    """Every column mentioned, sorted."""
    reads_all: bool = False
    """``*``, or a write, which needs the whole row."""
    shared: tuple[tuple[str, float], ...] = ()
    """Calls of the whole workload that compare each column of the table, by column."""
    searches: tuple[Search, ...] = ()
    """Conditions that hold together and that plain columns in a B-tree do not serve, sorted."""
    sort_keys: tuple[Key, ...] = ()
    """All leading sort keys, when one of them is an expression; else empty and ``order`` has them."""
    group_keys: tuple[Key, ...] = ()
    """GROUP BY or DISTINCT, when one of them is an expression and all are on this table."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Columns of row comparisons such as ``(a, b) < ($1, $2)``, in their order: what keyset pagination searches by."""
    distinct_on: tuple[str, ...] = ()
    """DISTINCT ON columns, when all are on this table."""

    @property
    def equal(self) -> tuple[str, ...]:
        """Columns bound to one value, sorted."""
        bound = {term.column for term in self.terms if term.kind in EQUAL_KINDS}
        return tuple(sorted(bound | set(self.correlated)))

    @property
    def listed(self) -> tuple[str, ...]:
        """Columns compared with a list of values and not bound to one, sorted."""
        found = {term.column for term in self.terms if term.kind == "list"}
        return tuple(sorted(found - set(self.equal)))

    @property
    def ranges(self) -> tuple[str, ...]:
        found = {term.column for term in self.terms if term.kind == "range"}
        return tuple(sorted(found - set(self.equal) - set(self.listed)))

    @property
    def sorts(self) -> tuple[Sort, ...]:
        """The sort keys that are left when those bound to one value are taken out."""
        bound = frozenset(self.equal)
        return tuple(sort for sort in self.order if sort.column not in bound)


@dataclass(frozen=True, slots=True)
class StatementFacts:
    statement: Statement
    tables: tuple[TableFacts, ...]
