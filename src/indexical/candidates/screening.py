"""Ideas that are dropped before any planning, each with its reason.

Reasons: ``small-table`` (a scan reads the table in no time), ``covered`` (an index that exists does it), ``one-row`` (a unique
index already finds the one row), ``boolean-alone``, ``no-order`` (the type has no order a B-tree could use), ``too-wide`` (a
B-tree entry must fit a third of a page, https://www.postgresql.org/docs/18/btree.html), ``keeps-hot`` (an included column changes
more often than it is read), ``needs-order`` (a hash index could not do what another statement asks of the column).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from indexical.candidates.changes import Changes
from indexical.candidates.facts import TableFacts
from indexical.candidates.proposal import Proposal, is_boolean
from indexical.model import Catalog, Column, ExistingIndex, Index, Key, Limits, Refusal, Table
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
        refused = _unfit_key(index, key, table, catalog) if key.column else None
        if refused is not None:
            return refused
    by = covered(proposal, table)
    if by:
        return Refusal(index.text, "covered", by)
    alone = len(index.keys) == 1 and not index.predicate and not index.include and index.method == "btree"
    if alone and is_boolean(table.column(index.keys[0].column)):
        detail = "true and false split the rows in two parts, of which a scan is the better reader unless one is rare"
        return Refusal(index.text, "boolean-alone", detail)
    return None


def _unfit_key(index: Index, key: Key, table: Table, catalog: Catalog) -> Refusal | None:
    column = table.column(key.column)
    if column is None:
        return Refusal(index.text, "no-order", f"the table has no column {key.column}")
    if index.method != "btree":
        return None
    if not key.opclass and not has_order(column, catalog):
        return Refusal(
            index.text, "no-order", f"{column.name} is {column.type}, which a B-tree does not help to search"
        )
    if column.statistics is not None and column.statistics.average_width > WIDEST:
        width = column.statistics.average_width
        return Refusal(
            index.text, "too-wide", f"{column.name} holds {width} bytes on average; a B-tree entry holds 2704"
        )
    return None


def changing(index: Index, table: Table, known: Changes, asked: float) -> Refusal | None:
    """An included column that updates change more often than the statements run that would read it from the index.

    Not where an index holds the column already: those updates are no heap-only ones as it is.
    """
    held = {name for entry in table.indexes for name in (*entry.index.columns, *entry.index.include)}
    for name in index.include:
        changed = known.get((table.name, name), 0.0)
        if name not in held and changed > 0 and changed >= asked:
            detail = f"updates change {name} {changed:.0f} times, and it would be read from the index {asked:.0f} times"
            return Refusal(index.text, "keeps-hot", detail)
    return None


def searched_otherwise(mentions: Iterable[TableFacts]) -> frozenset[tuple[str, str]]:
    """Table and column of whatever is searched, joined or sorted by in a way that only ``=`` with one value is not."""
    found = set()
    for facts in mentions:
        several = {term.column for term in facts.terms if term.kind not in ("equal", "notnull")}
        sorted_by = {*facts.group, *facts.joins, *(sort.column for sort in facts.order)}
        plain = set(facts.equal) - several - sorted_by
        found |= {(facts.table.qualified, name) for name in facts.used if name not in plain}
    return frozenset(found)


def needs_order(index: Index, otherwise: frozenset[tuple[str, str]]) -> Refusal | None:
    name = index.keys[0].column
    if (index.qualified_table, name) not in otherwise:
        return None
    detail = f"{name} is also sorted, joined or searched by without an = to one value, which takes a B-tree"
    return Refusal(index.text, "needs-order", detail)


def has_order(column: Column, catalog: Catalog) -> bool:
    """Whether equality, ranges or sorting on the column's type are what a B-tree is good at."""
    if column.type_kind == "e":
        return True
    if column.type_kind == "d":
        base = next((d.base for d in catalog.domains if column.type in (d.name, f"{d.schema}.{d.name}")), "")
        return bool(_ORDERED.match(base))
    return column.type_kind == "b" and bool(_ORDERED.match(column.type.rpartition(".")[2]))


def covered(proposal: Proposal, table: Table) -> str:
    """How an existing index does all of the proposal's work; empty when none does."""
    index = proposal.index
    usable = _usable(table, index)
    for entry in usable:
        same = serves_same_scans(entry.index, index, proposal.bound)
        if same or covers(entry.index, index) or (index.method == "hash" and _finds(entry.index, index)):
            return f"{entry.name} does the same already"
    for entry in usable:
        if _unique_prefix(entry.index, index):
            return f"{entry.name} is unique, and further keys tell nothing apart"
    return ""


def _usable(table: Table, index: Index) -> list[ExistingIndex]:
    """The indexes that could do it, by name: no other can than one that begins alike, or is unique."""
    leading = index.keys[0].column
    return sorted(
        (
            entry
            for entry in table.indexes
            if entry.valid
            and entry.ready
            and (entry.index.unique or not leading or entry.index.keys[0].column == leading)
        ),
        key=lambda entry: entry.name,
    )


def _finds(existing: Index, hashed: Index) -> bool:
    """Whether a B-tree that is there finds the values that a hash index would be for."""
    key = existing.keys[0]
    return (
        existing.method == "btree"
        and not existing.predicate
        and (key.column, key.opclass) == (hashed.keys[0].column, "")
    )


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
