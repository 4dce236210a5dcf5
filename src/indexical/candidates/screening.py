"""Ideas that are dropped before any planning, each with its reason.

Reasons: ``small-table`` (a scan reads the table in no time), ``covered`` (an index that exists does it), ``one-row`` (a unique
index already finds the one row), ``boolean-alone``, ``no-order`` (the type has no order a B-tree could use), ``too-wide`` (a
B-tree entry must fit a third of a page, https://www.postgresql.org/docs/18/btree.html).
"""

from __future__ import annotations

import re

from indexical.candidates.facts import TableFacts
from indexical.candidates.proposal import Proposal, is_boolean
from indexical.model import Catalog, Column, Index, Limits, Refusal, Table
from indexical.model.covers import covers, serves_same_scans

WIDEST = 2000
"""Average bytes of a column above which its longer values would not fit a B-tree entry (2704 bytes)."""

_PAGE = 8192
_ORDERED = re.compile(
    r"(?:smallint|integer|bigint|numeric|real|double precision|money|oid|boolean|character varying|character|text|\"char\"|citext"
    r"|name|bytea|date|timestamp|time|interval|uuid|inet|cidr|macaddr8?|bit|bit varying|pg_lsn|xid8)\b(?!.*\[\])"
)


def small_table(facts: TableFacts, limits: Limits) -> Refusal | None:
    table = facts.table
    if table.pages >= limits.min_table_pages:
        return None
    pages = "1 page" if table.pages == 1 else f"{table.pages} pages"
    rows = "an unknown number of rows" if table.rows < 0 else f"{table.rows:.0f} rows"
    detail = f"{rows} in {pages} ({table.pages * _PAGE} bytes); below {limits.min_table_pages} pages a scan is as fast"
    return Refusal(table.qualified, "small-table", detail)


def one_row(facts: TableFacts) -> Refusal | None:
    """A lookup by all columns of a unique index: nothing can read less."""
    fixed = set(facts.equal)
    for entry in facts.table.indexes:
        index = entry.index
        plain = index.unique and not index.predicate and len(index.columns) == len(index.keys)
        if plain and entry.valid and set(index.columns) <= fixed:
            subject = f"{facts.table.qualified} ({', '.join(facts.equal)})"
            return Refusal(subject, "one-row", f"{entry.name} is unique and finds the one row already")
    return None


def refusal(proposal: Proposal, facts: TableFacts, catalog: Catalog) -> Refusal | None:
    """Why an index is not worth asking the planner about; None when it is."""
    index, table = proposal.index, facts.table
    for key in index.keys:
        column = table.column(key.column)
        if column is None:
            return Refusal(index.text, "no-order", f"the table has no column {key.column}")
        if not has_order(column, catalog):
            return Refusal(
                index.text,
                "no-order",
                f"{column.name} is {column.type}, which a B-tree does not help to search",
            )
        if column.statistics is not None and column.statistics.average_width > WIDEST:
            width = column.statistics.average_width
            return Refusal(
                index.text,
                "too-wide",
                f"{column.name} holds {width} bytes on average; a B-tree entry holds 2704",
            )
    covered = _covered(proposal, table)
    if covered:
        return Refusal(index.text, "covered", covered)
    if len(index.keys) == 1 and not index.predicate and is_boolean(table.column(index.keys[0].column)):
        detail = "true and false split the rows in two parts, of which a scan is the better reader unless one is rare"
        return Refusal(index.text, "boolean-alone", detail)
    return None


def has_order(column: Column, catalog: Catalog) -> bool:
    """Whether equality, ranges or sorting on the column's type are what a B-tree is good at."""
    if column.type_kind == "e":
        return True
    if column.type_kind == "d":
        base = next((d.base for d in catalog.domains if column.type in (d.name, f"{d.schema}.{d.name}")), "")
        return bool(_ORDERED.match(base))
    return column.type_kind == "b" and bool(_ORDERED.match(column.type.rpartition(".")[2]))


def _covered(proposal: Proposal, table: Table) -> str:
    """How an existing index does all of the proposal's work; empty when none does."""
    usable = [entry for entry in sorted(table.indexes) if entry.valid and entry.ready]
    for entry in usable:
        same = serves_same_scans(entry.index, proposal.index, proposal.bound)
        if same or covers(entry.index, proposal.index):
            return f"{entry.name} does the same already"
    for entry in usable:
        if _unique_prefix(entry.index, proposal.index):
            return f"{entry.name} is unique, and further keys tell nothing apart"
    return ""


def _unique_prefix(unique: Index, index: Index) -> bool:
    """Whether all that the index adds is keys beyond those of a unique one."""
    if (
        not unique.unique
        or unique.predicate
        or len(unique.columns) != len(unique.keys)
        or unique.method != "btree"
    ):
        return False
    head = {key.column for key in index.keys[: len(unique.keys)]}
    return len(index.keys) > len(unique.keys) and head == set(unique.columns)
