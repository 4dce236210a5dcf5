"""What one statement asks of the tables it reads: the input of every rule.

A :class:`TableFacts` stands for one mention of a table in one query block; a table mentioned twice has two of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model import Statement, Table

EQUAL_KINDS = frozenset({"equal", "true", "false", "null"})
"""Conditions that bind a column to one value, so that what follows it in an index stays ordered."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on one column."""

    column: str
    kind: str
    """equal | true | false | null | notnull | list | range"""
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
    """Leading sort keys on this table."""
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
