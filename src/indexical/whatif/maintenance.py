"""What an index costs the writes of a workload, in planner units.

PostgreSQL's planner charges nothing for keeping indexes up to date, so this is a model of our own. Its anchor is a measurement
on PostgreSQL 15 with two cores: each further B-tree made an inserted row 15 to 20 microseconds dearer (a log table went from
15 to 75 with four more, an order from 44 to 149 with seven more), while one planner unit took 4 to 8 microseconds. A typical
insertion into an index is therefore worth about 2 to 4 planner units, which the constants below split into parts:

* finding the leaf: the planner's own price of a B-tree descent (``btcostestimate`` in ``selfuncs.c``), 0.4 at a million rows;
* storing the tuple and writing it ahead: :data:`TUPLE`, plus :data:`BYTE` for each byte of a wide entry;
* dirtying a page that other insertions do not dirty too: up to :data:`PAGE_DIRTIED`, in proportion to how scattered the leading
  key's new values are. A random UUID is fully scattered, a creation time hardly at all, a status has a few hot leaves.

A partial index costs only the rows that match it. Updates follow PostgreSQL's heap-only tuples
(https://www.postgresql.org/docs/18/storage-hot.html): an update that changes no indexed column touches no index at all; any
other one inserts into every index of the table.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable

from indexical.model import Catalog, Column, Index, Table, TableWrites, UpdateProfile
from indexical.whatif.selectivity import predicate_share

TUPLE = 1.2
"""Storing one index tuple, WAL included."""
BYTE = 0.008
"""Each byte of an index entry beyond :data:`NARROW`: more WAL, more page splits."""
NARROW = 16
PAGE_DIRTIED = 1.6
"""A leaf page read, dirtied and logged for one tuple alone."""
DELETE = 0.3
"""A deleted row: nothing at once, its share of a later vacuum pass over the index."""
HEAP_VERSION = 1.0
"""A row version that is not heap-only: it cannot be pruned in passing and waits for vacuum."""
PAGE_KEPT = 0.002
"""One page of index kept: its share of cache and back-up. Small, so that it only decides between equals."""
CPU_OPERATOR = 0.0025
_DESCENT_FACTOR = 50
_ENTRIES_PER_PAGE = 250
_RANDOM_TYPES = ("uuid", "bytea", "inet", "cidr")
_TIME_TYPES = ("timestamp", "date")
_WORD = re.compile(r"[a-z_][a-z0-9_$]*|\"(?:[^\"]|\"\")+\"", re.IGNORECASE)

HotGroup = tuple[str, float, float, tuple[str, ...]]
"""Group id, updates, cost, columns."""


class Maintenance:
    """Prices of indexes under what a workload writes; pure but for the sizes it asks for."""

    def __init__(self, catalog: Catalog, writes: Iterable[TableWrites], size: Callable[[Index], int]) -> None:
        self._catalog = catalog
        self._writes = {(entry.schema, entry.table): entry for entry in writes}
        self._size = size
        self._insertion: dict[Index, float] = {}
        self._touched: dict[Index, frozenset[str]] = {}

    def cost(self, index: Index) -> float:
        """Planner units over the workload's window that the index itself costs.

        That includes the insertions of updates which are not heap-only, or not any more because of this index. What the loss
        of heap-only updates costs the table and its other indexes is in :meth:`hot_groups`.
        """
        kept = PAGE_KEPT * self._size(index) / 8192
        table = self._catalog.table(index.schema, index.table)
        writes = self._writes.get((index.schema, index.table))
        if table is None or writes is None:
            return kept
        rows = writes.inserts + sum(
            profile.calls
            for profile in writes.updates
            if self.touches(index, profile) or self._touched_today(table, profile, index)
        )
        return kept + rows * self.insertion(index) + writes.deletes * DELETE * self._row_share(index)

    def hot_groups(self, index: Index) -> tuple[HotGroup, ...]:
        """Groups of updates that no other existing index touches and this one does, with what the loss costs."""
        table = self._catalog.table(index.schema, index.table)
        writes = self._writes.get((index.schema, index.table))
        if table is None or writes is None:
            return ()
        others = sorted({e.index for e in table.indexes if e.index != index})
        each = HEAP_VERSION + sum(self.insertion(other) for other in others)
        return tuple(
            (f"{table.qualified} ({', '.join(p.columns)})", p.calls, p.calls * each, p.columns)
            for p in sorted(writes.updates)
            if p.calls > 0 and self.touches(index, p) and not self._touched_today(table, p, index)
        )

    def insertion(self, index: Index) -> float:
        """Planner units of one row version written, averaged over rows that a partial index does not cover."""
        if index not in self._insertion:
            self._insertion[index] = self._row_share(index) * self._tuple_price(index)
        return self._insertion[index]

    def touches(self, index: Index, profile: UpdateProfile) -> bool:
        """Whether the updates change a column that the index holds or asks about; BRIN does not end heap-only updates."""
        if index.method == "brin" and self._catalog.server_version >= 160000:
            return False
        return not self._columns(index).isdisjoint(profile.columns)

    def _touched_today(self, table: Table, profile: UpdateProfile, but: Index) -> bool:
        return any(e.index != but and self.touches(e.index, profile) for e in table.indexes)

    def _columns(self, index: Index) -> frozenset[str]:
        if index not in self._touched:
            columns = {*index.columns, *index.include}
            for text in (*(key.expression for key in index.keys), index.predicate):
                columns.update(word.strip('"').replace('""', '"') for word in _WORD.findall(text))
            self._touched[index] = frozenset(columns)
        return self._touched[index]

    def _row_share(self, index: Index) -> float:
        """The share of written rows that enter the index.

        A predicate on a column that updates change (a status) is passed through by more rows than it holds at any moment: such
        rows are counted once each.
        """
        table = self._catalog.table(index.schema, index.table)
        if table is None or not index.predicate:
            return 1.0
        writes = self._writes.get((index.schema, index.table))
        predicate = Index(index.schema, index.table, index.keys[:1], predicate=index.predicate)
        asked = self._columns(predicate) - set(predicate.columns)
        if writes is not None and any(
            p.calls > 0 and not asked.isdisjoint(p.columns) for p in writes.updates
        ):
            return 1.0
        return predicate_share(table, index.predicate)

    def _tuple_price(self, index: Index) -> float:
        table = self._catalog.table(index.schema, index.table)
        rows = max(table.rows if table is not None else 0.0, 2.0)
        levels = max(1.0, math.log(rows, _ENTRIES_PER_PAGE))
        descent = CPU_OPERATOR * (math.log2(rows) + _DESCENT_FACTOR * levels)
        names = [*(key.column for key in index.keys), *index.include]
        columns = [table.column(name) if table is not None and name else None for name in names]
        wide = max(0.0, sum(_width(column) for column in columns) - NARROW)
        return descent + TUPLE + BYTE * wide + PAGE_DIRTIED * scatter(columns[0], rows)


def scatter(column: Column | None, rows: float) -> float:
    """How far apart the places of new entries are: 0 when each goes to the right end, 1 when each finds another page.

    ``None`` stands for an expression.
    """
    if column is None:
        return 0.6
    if column.type.startswith(_RANDOM_TYPES):
        return 1.0
    if column.identity or column.type.startswith(_TIME_TYPES):
        correlation = abs((column.statistics.correlation if column.statistics else None) or 0.0)
        return 0.05 if column.identity or correlation > 0.9 else 0.4
    if column.statistics is None or column.statistics.distinct == 0:
        return 0.6
    distinct = column.statistics.distinct
    values = distinct if distinct > 0 else -distinct * rows
    return min(1.0, max(0.1, values / max(rows / _ENTRIES_PER_PAGE, 1.0)))


def _width(column: Column | None) -> float:
    return float(column.statistics.average_width if column is not None and column.statistics else 8)
