"""What one written row costs one index, in planner units.

PostgreSQL's planner charges nothing for keeping indexes up to date, so these prices are a model of our own, fitted to a
measurement (``bench/bench_writes.py``, 22 November 2026: PostgreSQL 18.6, 300,000 rows, two cores, rows written one by one,
everything in memory). There a planner unit of ten reads took 1.8 to 7.6 microseconds of the processor, 3.1 in the middle, and
for each inserted row an index took, in microseconds:

* a growing time 1.5, a status 1.1, a random number 3.5, a random UUID 4.1, an e-mail address 5.7, a text of 96 bytes 15;
* two keys 4 to 6, four keys 5, ``INCLUDE`` of one column 7, of three 10, ``lower(email)`` 8, partial 0.5 to 1.6;
* hash 3 to 4, BRIN about 0, GiST 6 to 8, GIN 3 to 8 with three to six entries a row and 23 with 55 (trigrams).

An update that is no longer heap-only took 4 to 10 with one B-tree beside the primary key, and GIN two to three times as much as
an insertion, because its row's entries land between others. The constants are these figures over 3.1, split into parts:

* finding the leaf: the planner's own price of a B-tree descent (``btcostestimate`` in ``selfuncs.c``), 0.3 at 300,000 rows;
* storing the entry and logging it (:data:`TUPLE`), more for several columns, texts, wide entries, expressions;
* a leaf that is not at hand (:data:`PAGE_TOUCHED`), in proportion to how scattered the new entries are.

What a measurement in memory cannot show is priced as the planner prices pages: a page that is written out, with its image in
the log, for few entries only (:data:`PAGE_WRITTEN`), and one that has to be read because the cache is smaller than the database.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from indexical.model import Catalog, Column, Index, Table, TableWrites
from indexical.model.columns import names
from indexical.whatif.selectivity import predicate_share

PAGE = 8192
TUPLE = 0.15
"""Storing one B-tree or hash entry, WAL included."""
PAGE_TOUCHED = 0.6
"""Reaching, changing and logging a leaf page that the insertion before did not touch."""
FURTHER_COLUMN = 0.2
"""Each column after the first, INCLUDE too: the entry has to be put together, and equal keys are seldom stored as one."""
TEXT = 0.5
"""Comparing texts on the way down, by the rules of a collation."""
BYTE = 0.03
"""Each byte of an entry beyond :data:`NARROW`: more to compare, to log and to split."""
NARROW = 16
EXPRESSION = 0.7
"""Computing an expression key."""
PREDICATE = 0.35
"""Asking whether a row belongs into a partial index."""
BRIN = 0.2
GIST = 2.2
GIN = 1.0
GIN_ENTRY = 0.13
"""Each element, lexeme, key or trigram, by way of the pending list."""
GIN_BETWEEN = 2.0
"""How much dearer GIN's entries are for a row that is not the newest."""
CLEARED = 0.1
"""Removing one dead entry in VACUUM."""
PAGE_VACUUMED = 3.0
"""One index page read by VACUUM: 10 microseconds."""
DEAD_SHARE = 0.2
"""Dead rows, as a share of the table, at which autovacuum begins (``autovacuum_vacuum_scale_factor``)."""
PAGE_WRITTEN = 1.0
"""A page written out, and its image in the log after a checkpoint: ``seq_page_cost`` for 8 KiB. Not measured."""
MANY_PAGES = 4096
"""Leaf pages over which scattered entries seldom meet on one page before it is written out."""
CPU_OPERATOR = 0.0025
_DESCENT_FACTOR = 50
_ENTRIES_PER_PAGE = 250
_RANDOM_PAGE_COST, _CACHE = 4.0, "4GB"
"""PostgreSQL's defaults."""
_RANDOM_TYPES = ("uuid", "bytea", "inet", "cidr")
_TIME_TYPES = ("timestamp", "date")
_TEXT_TYPES = ("text", "character", "citext", "name", "bpchar")
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(kB|MB|GB|TB|B|8kB|)\s*")
_UNITS = {"kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4, "B": 1, "8kB": PAGE}


class Prices:
    """Prices of entries of one catalog's indexes, existing and hypothetical."""

    def __init__(self, catalog: Catalog, writes: Mapping[tuple[str, str], TableWrites]) -> None:
        self._tables = {(table.schema, table.name): table for table in catalog.tables}
        self._writes = writes
        self._stored = sum(t.pages * PAGE for t in catalog.tables) + sum(e.size for e in catalog.indexes())
        settings = dict(catalog.settings)
        self._cache = _bytes(settings.get("effective_cache_size", _CACHE))
        self._random_page_cost = _number(settings.get("random_page_cost", ""), _RANDOM_PAGE_COST)

    def table(self, index: Index) -> Table | None:
        return self._tables.get((index.schema, index.table))

    def entry(self, index: Index, size: int, *, moved: bool = False) -> float:
        """One row version written, averaged over rows that a partial index leaves out.

        ``moved`` for the new version of an updated row, which may be any row of the table; else it is a new one.
        """
        price = self.row_share(index) * self._stored_entry(index, size, moved)
        return price + PREDICATE if index.predicate else price

    def clearing(self, index: Index, size: int, dead_share: float = DEAD_SHARE) -> float:
        """A dead row's part of the VACUUM pass that takes it out of the index."""
        table = self.table(index)
        rows = max(table.rows if table is not None else 0.0, 1.0)
        page = PAGE_VACUUMED + self._missed(size)
        return self.row_share(index) * CLEARED + page * (size / PAGE) / max(rows * dead_share, 50.0)

    def row_share(self, index: Index) -> float:
        """The share of written rows that enter the index.

        A predicate on a column that updates change (a status) is passed through by more rows than it holds at any moment: such
        rows are counted once each.
        """
        table = self.table(index)
        if table is None or not index.predicate:
            return 1.0
        writes = self._writes.get((index.schema, index.table))
        asked = names(index.predicate)
        if writes is not None and any(
            p.calls > 0 and not asked.isdisjoint(p.columns) for p in writes.updates
        ):
            return 1.0
        return predicate_share(table, index.predicate)

    def _stored_entry(self, index: Index, size: int, moved: bool) -> float:
        table = self.table(index)
        if index.method == "brin":
            return BRIN
        if index.method == "gin":
            entries = max(1.0, sum(_gin_entries(key.column, key.opclass, table) for key in index.keys))
            between = GIN_BETWEEN if moved else 1.0
            return (GIN + GIN_ENTRY * entries) * between + self._pages(size, 1.0)
        rows = max(table.rows if table is not None else 0.0, 2.0)
        first = table.column(index.keys[0].column) if table is not None and index.keys[0].column else None
        apart = scatter(first, rows, moved=moved)
        if index.method not in ("btree", "hash"):
            return GIST + self._pages(size, apart)
        price = TUPLE + PAGE_TOUCHED * apart + self._pages(size, apart)
        if index.method == "hash":
            return price + CPU_OPERATOR * _DESCENT_FACTOR * 2
        return price + self._tree_entry(index, table, rows)

    def _tree_entry(self, index: Index, table: Table | None, rows: float) -> float:
        """The descent, and putting the entry together."""
        levels = max(1.0, math.log(rows, _ENTRIES_PER_PAGE))
        descent = CPU_OPERATOR * (math.log2(rows) + _DESCENT_FACTOR * levels)
        stored = [*(key.column for key in index.keys), *index.include]
        columns = [table.column(name) if table is not None and name else None for name in stored]
        wide = max(0.0, sum(_width(column) for column in columns) - NARROW)
        text = self._compares_text(index, table)
        computed = sum(bool(key.expression) for key in index.keys)
        return (
            descent + FURTHER_COLUMN * (len(columns) - 1) + BYTE * wide + TEXT * text + EXPRESSION * computed
        )

    def _compares_text(self, index: Index, table: Table | None) -> bool:
        """Whether the leading key is a text of many values, or computed from one."""
        if table is None:
            return False
        key = index.keys[0]
        asked = names(key.expression) if key.expression else frozenset({key.column})
        return any(
            column.type.startswith(_TEXT_TYPES) and not _few(column)
            for column in table.columns
            if column.name in asked
        )

    def _pages(self, size: int, apart: float) -> float:
        """Pages written and read that a measurement in memory does not show."""
        pages = size / PAGE
        written = PAGE_WRITTEN * pages / (pages + MANY_PAGES)
        return apart * (written + self._missed(size))

    def _missed(self, size: int) -> float:
        """The price of a page of the index, as far as the cache is too small for the database."""
        stored = self._stored + size
        missing = max(0.0, 1.0 - self._cache / stored) if stored > 0 else 0.0
        return missing * self._random_page_cost


def scatter(column: Column | None, rows: float, *, moved: bool = False) -> float:
    """How far apart the places of new entries are: 0 when each goes to the right end, 1 when each finds another page.

    ``None`` stands for an expression. Updated rows (``moved``) are taken from anywhere, so that their times and numbers are too.
    """
    if column is None:
        return 0.6
    if column.type.startswith(_RANDOM_TYPES):
        return 1.0
    if column.identity or column.type.startswith(_TIME_TYPES):
        correlation = abs((column.statistics.correlation if column.statistics else None) or 0.0)
        growing = column.identity or correlation > 0.9
        return 1.0 if moved and growing else 0.05 if growing else 0.4
    if column.statistics is None or column.statistics.distinct == 0:
        return 0.6
    distinct = column.statistics.distinct
    values = distinct if distinct > 0 else -distinct * rows
    correlation = abs(column.statistics.correlation or 0.0)
    if correlation > 0.99 and distinct == -1 and not moved:
        # Numbered by a sequence, whatever the column's default is called.
        return 0.05
    return min(1.0, max(0.1, values / max(rows / _ENTRIES_PER_PAGE, 1.0)))


def _gin_entries(name: str, opclass: str, table: Table | None) -> float:
    """Entries of one row: what ANALYZE counted, else judged by the value's width."""
    column = table.column(name) if table is not None and name else None
    known = column.statistics if column is not None else None
    width = _width(column) if known is not None else 32.0
    if "trgm" in opclass:
        return width
    if known is not None and known.element_count_histogram:
        return known.element_count_histogram[-1]
    return width / (30.0 if opclass == "jsonb_path_ops" else 16.0)


def _width(column: Column | None) -> float:
    return float(column.statistics.average_width if column is not None and column.statistics else 8)


def _few(column: Column) -> bool:
    """A handful of values, such as states: equal keys are one entry, found after a few comparisons."""
    return column.statistics is not None and 0 < column.statistics.distinct <= 100


def _bytes(text: str) -> float:
    match = _AMOUNT.fullmatch(text) or _AMOUNT.fullmatch(_CACHE)
    return _number(match[1], 0.0) * _UNITS[match[2] or "8kB"] if match else 0.0


def _number(text: str, otherwise: float) -> float:
    try:
        return float(text)
    except ValueError:
        return otherwise
