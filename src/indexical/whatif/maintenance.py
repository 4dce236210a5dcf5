"""What indexes cost the writes of a workload, in planner units; the price of a single entry is in :mod:`indexical.whatif.prices`.

An inserted row enters every index (a partial one only when it matches), a deleted row leaves a dead entry in each. Updates
follow PostgreSQL's heap-only tuples (https://www.postgresql.org/docs/18/storage-hot.html): an update that changes no indexed
column touches no index at all; any other one writes an entry into every index of the table, changed or not. BRIN is the
exception: since PostgreSQL 16 it does not end heap-only updates, and pays for itself alone.

So indexes are not paid for one by one: the first that is made on a column which updates change makes all others on that table
dearer. Updates that change the same columns are one group, which is heap-only or not as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from indexical.model import Catalog, Configuration, Index, Table, TableWrites, UpdateProfile
from indexical.model.columns import columns_of
from indexical.whatif.prices import PAGE, Prices

HEAP_VERSION = 0.1
"""A row version that is not heap-only: more of the row is logged, and its page cannot be pruned in passing."""
HEAP_CLEARED = 0.3
"""VACUUM has to take it away."""
PAGE_KEPT = 0.002
"""One page of index kept: its share of cache and back-up. Small, so that it only decides between equals."""

HotGroup = tuple[str, float, float, tuple[str, ...]]
"""Group id, updates, cost, columns."""
Place = tuple[str, str]


class Maintenance:
    """Prices of indexes under what a workload writes; pure but for the sizes it asks for."""

    def __init__(self, catalog: Catalog, writes: Iterable[TableWrites], size: Callable[[Index], int]) -> None:
        self._server_version = catalog.server_version
        self._writes = {(entry.schema, entry.table): entry for entry in writes}
        self._tables = {(table.schema, table.name): table for table in catalog.tables}
        self._prices = Prices(catalog, self._writes)
        self._size = size
        self._entries: dict[tuple[Index, bool], float] = {}
        self._groups: dict[Index, tuple[HotGroup, ...]] = {}
        self._of_tables: dict[tuple[Place, frozenset[Index]], float] = {}
        self._existing: dict[Place, frozenset[Index]] = {}
        self._today: float | None = None

    def cost(self, index: Index) -> float:
        """Planner units over the workload's window that the index itself costs.

        That includes the entries of updates which are not heap-only, or not any more because of this index. What the loss
        of heap-only updates costs the table and its other indexes is in :meth:`hot_groups` and :meth:`after_hot`.
        """
        writes = self._writes.get((index.schema, index.table))
        table = self._prices.table(index)
        if table is None or writes is None:
            return self._kept(index)
        moved = sum(
            profile.calls
            for profile in writes.updates
            if self._changes(index, profile) or self._ended_today(table, profile, index)
        )
        return self._alone(index, writes) + moved * self._moved(index)

    def hot_groups(self, index: Index) -> tuple[HotGroup, ...]:
        """Groups of updates that no other existing index ends and this one does, with what the loss costs the table and its
        other existing indexes."""
        if index not in self._groups:
            self._groups[index] = tuple(self._hot_groups(index))
        return self._groups[index]

    def after_hot(self, index: Index) -> tuple[tuple[str, float], ...]:
        """For each group that is heap-only today and that this index would leave so: what the index costs more once another
        one has ended it."""
        table = self._prices.table(index)
        writes = self._writes.get((index.schema, index.table))
        if table is None or writes is None or not self._enters(index):
            return ()
        return tuple(
            (_group(table, profile), profile.calls * self._moved(index))
            for profile in sorted(writes.updates)
            if profile.calls > 0
            and not self._ends(index, profile)
            and not self._ended_today(table, profile, index)
        )

    def upkeep(self, configuration: Configuration) -> float:
        """What all indexes together cost the writes under a configuration, existing ones too; every group counted as it is then.

        Existing indexes of one structure stay or go together.
        """
        if self._today is None:
            self._today = sum(self._of_table(place, self._present(place)) for place in sorted(self._tables))
        added: dict[Place, list[Index]] = {}
        for index in configuration.added:
            added.setdefault((index.schema, index.table), []).append(index)
        concerned = {*added, *((index.schema, index.table) for index in configuration.removed)}
        total = self._today
        for place in sorted(concerned & self._tables.keys()):
            today = self._present(place)
            then = today.union(added.get(place, ())) - configuration.removed
            total += self._of_table(place, then) - self._of_table(place, today)
        return total

    def insertion(self, index: Index) -> float:
        """Planner units of one new row, averaged over rows that a partial index does not cover."""
        return self._entry(index, moved=False)

    def _hot_groups(self, index: Index) -> Iterable[HotGroup]:
        table = self._prices.table(index)
        writes = self._writes.get((index.schema, index.table))
        if table is None or writes is None:
            return
        others = sorted({e.index for e in table.indexes if e.index != index and self._enters(e.index)})
        for profile in sorted(writes.updates):
            if (
                profile.calls > 0
                and self._ends(index, profile)
                and not self._ended_today(table, profile, index)
            ):
                each = HEAP_VERSION + HEAP_CLEARED + sum(self._moved(other) for other in others)
                yield _group(table, profile), profile.calls, profile.calls * each, profile.columns

    def _of_table(self, place: Place, present: frozenset[Index]) -> float:
        key = (place, present)
        if key not in self._of_tables:
            listed = sorted(present)
            writes = self._writes.get(place, TableWrites(*place))
            total = sum(self._alone(index, writes) for index in listed)
            for profile in sorted(writes.updates):
                ended = any(self._ends(index, profile) for index in listed)
                paying = [i for i in listed if self._changes(i, profile) or (ended and self._enters(i))]
                each = (HEAP_VERSION + HEAP_CLEARED) * ended + sum(self._moved(index) for index in paying)
                total += profile.calls * each
            self._of_tables[key] = total
        return self._of_tables[key]

    def _alone(self, index: Index, writes: TableWrites) -> float:
        """All but updates."""
        price = self._kept(index) + writes.inserts * self._entry(index, moved=False)
        return price + writes.deletes * self._cleared(index) if writes.deletes else price

    def _moved(self, index: Index) -> float:
        """The entry of an updated row's new version, and clearing away the old one's."""
        return self._entry(index, moved=True) + self._cleared(index)

    def _entry(self, index: Index, *, moved: bool) -> float:
        key = (index, moved)
        if key not in self._entries:
            self._entries[key] = self._prices.entry(index, self._size(index), moved=moved)
        return self._entries[key]

    def _cleared(self, index: Index) -> float:
        return self._prices.clearing(index, self._size(index))

    def _kept(self, index: Index) -> float:
        return PAGE_KEPT * self._size(index) / PAGE

    def _enters(self, index: Index) -> bool:
        """Whether updates that are not heap-only write into it although they leave its columns alone."""
        return index.method != "brin" or self._server_version < 160000

    def _ends(self, index: Index, profile: UpdateProfile) -> bool:
        return self._enters(index) and self._changes(index, profile)

    def _changes(self, index: Index, profile: UpdateProfile) -> bool:
        return not columns_of(index).isdisjoint(profile.columns)

    def _ended_today(self, table: Table, profile: UpdateProfile, but: Index) -> bool:
        """By another existing index; BRIN, which pays for itself alone, is not concerned."""
        return self._enters(but) and any(
            e.index != but and self._ends(e.index, profile) for e in table.indexes
        )

    def _present(self, place: Place) -> frozenset[Index]:
        if place not in self._existing:
            self._existing[place] = frozenset(existing.index for existing in self._tables[place].indexes)
        return self._existing[place]


def _group(table: Table, profile: UpdateProfile) -> str:
    return f"{table.qualified} ({', '.join(profile.columns)})"
