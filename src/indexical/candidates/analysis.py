"""One statement's tree to :class:`TableFacts`: every query block, every table in it, what is asked of it.

The walk follows PostgreSQL's SELECT, UPDATE, DELETE, INSERT and MERGE (https://www.postgresql.org/docs/18/sql-select.html).
It does not rewrite queries: what the planner does with subqueries and outer joins is the planner's to say. sqlglot's own
``qualify`` is not used: it takes three times as long, stops at names it does not know, and does not follow columns through
derived tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from indexical.candidates.blocks import Source
from indexical.candidates.facts import TableFacts
from indexical.candidates.names import Names
from indexical.candidates.parsing import parse
from indexical.candidates.walk import Walk
from indexical.model import Catalog, Table


@dataclass(frozen=True, slots=True)
class Analysis:
    tables: tuple[TableFacts, ...] = ()
    missing: tuple[str, ...] = ()
    """Relations that the catalog does not have."""
    renamed: tuple[str, ...] = ()
    """Tables with more column names in the statement than columns in the catalog."""
    refusal: str = ""
    """Why the statement could not be read at all."""


class Reader:
    """Reads statements against one catalog, whose names it looks up once."""

    def __init__(self, catalog: Catalog) -> None:
        self._names = Names(catalog)

    def analyse(self, sql: str) -> Analysis:
        """What the SQL asks of the catalog's tables. Never raises for what stands in the SQL."""
        tree = parse(sql)
        if isinstance(tree, str):
            return Analysis(refusal=tree)
        if isinstance(tree, (exp.Update, exp.Delete, exp.Merge)) and not isinstance(tree.this, exp.Table):
            return Analysis(refusal="it does not say which table it writes to")
        walk = Walk(self._names)
        try:
            walk.statement(tree)
        except RecursionError:
            return Analysis(refusal="the SQL is nested too deeply to be read")
        return Analysis(
            tuple(_finished(source, table) for source, table in walk.found),
            tuple(sorted(walk.missing)),
            tuple(sorted(walk.renamed)),
        )


def analyse(sql: str, catalog: Catalog) -> Analysis:
    """What one SQL text asks of the catalog's tables; for many of them a :class:`Reader` looks names up faster."""
    return Reader(catalog).analyse(sql)


def _finished(source: Source, table: Table) -> TableFacts:
    searched = {term.column for term in source.terms} | {t.column for arm in source.alternatives for t in arm}
    computed = {column for search in source.searches for column in search.columns}
    used = source.used | searched | computed | set(source.joins)
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
        searches=tuple(sorted(set(source.searches))),
        sort_keys=source.sort_keys,
        group_keys=source.group_keys,
        rows=tuple(dict.fromkeys(source.rows)),
        distinct_on=source.distinct_on,
    )
