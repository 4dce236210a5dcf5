"""Makes hypothetical indexes in a twin: real and empty, and as long and high as the full one would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from indexical.ddl import create_index, key_sql, qualified
from indexical.errors import ConnectionFailed, DatabaseError, EngineFailed, PlanRefused
from indexical.model import Catalog, Column, ColumnStatistics, Index, Key, Table
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.twin import expressions, other_sizes, promises, sizes, statistics
from indexical.twin.building import Built, Place
from indexical.twin.lengths import file_pages, lengthen
from indexical.twin.preparing import ROLE
from indexical.twin.server import PrivateServer
from indexical.twin.sizes import Attribute, Extent, Shape
from indexical.twin.skeleton import PAGE

_AS_THEY_ARE = frozenset({"btree", "brin"})
"""Methods whose columns have the type of the expression; engines before 18 cannot be told others' statistics."""
_AT_ONCE = 40
"""Indexes made in one transaction."""
_ALIKE = 0.002
"""Relative difference up to which an estimated size is taken for that of an existing index."""


@dataclass(frozen=True, slots=True)
class Hypothetical:
    """An index that one engine has been given. On a partitioned table it is several."""

    index: Index
    oids: tuple[int, ...]
    names: tuple[str, ...]
    tables: tuple[int, ...]
    """Oids of the tables that each of them is on."""
    extents: tuple[Extent, ...]
    """Of those that have a file, in the order of the table's leaves."""

    @property
    def extent(self) -> Extent:
        if len(self.extents) == 1:
            return self.extents[0]
        return Extent(
            sum(extent.pages for extent in self.extents),
            sum(extent.tuples for extent in self.extents),
            max((extent.height for extent in self.extents), default=0),
        )


@dataclass(frozen=True, slots=True)
class Order:
    """An index to be made, under a name of the twin's own."""

    index: Index
    name: str
    extents: tuple[Extent, ...] = ()
    """Its size on each leaf of its table, where that is known."""


Derived = dict[tuple[str, str, str, str], ColumnStatistics | None]
"""Statistics of expressions, by schema, table, expression and collation; the engines of a twin share them."""


class Workshop:
    """The hypothetical indexes of one engine.

    A table's file is already long when an index is added, and ``CREATE INDEX`` would read its empty pages. So the table is
    pointed at an empty file for that one statement, in a transaction nobody else sees into.
    """

    def __init__(
        self,
        server: PrivateServer,
        catalog: Catalog,
        admin: Session,
        built: Built,
        rows: Callable[[str], float],
        planner: Session,
        derived: Derived,
    ) -> None:
        self._server = server
        self._tables = {(table.schema, table.name): table for table in catalog.tables}
        self._admin = admin
        self._built = built
        self._rows = rows
        self._planner = planner
        self._derived = derived
        self._existing = {oid for _, oid in built.indexes}
        self._estimates: dict[str, float] = {}

    def make(self, orders: Sequence[Order]) -> list[Hypothetical | PlanRefused]:
        """Makes indexes of one table, in this order; for each the index, or why PostgreSQL would not create it."""
        made: list[Hypothetical | PlanRefused] = []
        for start in range(0, len(orders), _AT_ONCE):
            some = orders[start : start + _AT_ONCE]
            try:
                made += self._make(some)
            except PlanRefused as error:
                made += [error] if len(some) == 1 else [self._alone(order) for order in some]
        return made

    def _alone(self, order: Order) -> Hypothetical | PlanRefused:
        try:
            return self._make([order])[0]
        except PlanRefused as error:
            return error

    def _make(self, orders: Sequence[Order]) -> list[Hypothetical]:
        first = orders[0].index
        place = (first.schema, first.table)
        table = self._tables.get(place)
        if table is None or place not in self._built.tables:
            raise refused(first, f"the planner twin has no table {first.qualified_table}")
        leaves = [self._tables[leaf] for leaf in self._built.leaves(place)]
        try:
            # The planner is asked before the new indexes exist.
            asked = [
                [] if _sized(order, leaves) else [self._asked(leaf, order.index) for leaf in leaves]
                for order in orders
            ]
            with self._whole_or_not():
                rows = self._create(orders, leaves)
                closing: list[str] = []
                made = [
                    self._finish(order, leaves, rows.get(order.name, []), found, closing)
                    for order, found in zip(orders, asked, strict=True)
                ]
                self._hide([oid for each in made for oid in each.oids], closing)
        except (ConnectionFailed, EngineFailed):
            raise
        except DatabaseError as error:
            raise refused(first, str(error)) from None
        return made

    def _finish(
        self,
        order: Order,
        leaves: Sequence[Table],
        rows: Sequence[Mapping[str, Any]],
        asked: Sequence[tuple[float, float]],
        closing: list[str],
    ) -> Hypothetical:
        """Gives a new index its statistics and its size; what is left to tell the catalog goes to ``closing``."""
        index = order.index
        places = {row["table"]: row for row in rows}
        known = _sized(order, leaves)
        sized = list(order.extents) if known else []
        for number, leaf in enumerate(leaves):
            row = places.get(self._built.tables[(leaf.schema, leaf.name)])
            if row is None:
                continue
            keys = self._keys(index, leaf, row["oid"])
            if not known:
                sized.append(self._extent(index, leaf, row["attributes"], keys, *asked[number]))
            self._give_statistics(index, row, keys)
            closing.append(self._give_size(index, row, leaf, sized[number]))
        new = [row for row in rows if row["oid"] not in self._existing]
        return Hypothetical(
            index,
            tuple(row["oid"] for row in new),
            tuple(row["name"] for row in new),
            tuple(row["table"] for row in new),
            tuple(sized),
        )

    @contextmanager
    def _whole_or_not(self) -> Iterator[None]:
        """Ends in a commit, which the body sends itself, or in nothing at all."""
        try:
            yield
        except BaseException:
            if not self._admin.closed and self._admin.in_transaction:
                self._admin.script(["ROLLBACK"])
            raise

    def _create(self, orders: Sequence[Order], leaves: Sequence[Table]) -> dict[str, list[dict[str, Any]]]:
        """Creates indexes over no rows, and leaves the transaction open; what came of each, by its name."""
        admin, built = self._admin, self._built
        emptied, restored = [], []
        for leaf in leaves:
            oid = built.tables[(leaf.schema, leaf.name)]
            if not built.files[oid]:
                continue
            analysed = leaf.analysed_pages if leaf.analysed_pages >= 0 else file_pages(leaf)
            emptied.append(
                f"UPDATE pg_catalog.pg_class SET relfilenode = {built.empty[built.spaces[oid]]} WHERE oid = {oid}"  # noqa: S608
            )
            restored.append(
                f"UPDATE pg_catalog.pg_class SET relfilenode = {built.files[oid]}, relpages = {analysed},"  # noqa: S608
                f" reltuples = {leaf.rows!r}, relallvisible = {leaf.visible_pages} WHERE oid = {oid}"
            )
        schema = orders[0].index.schema
        place: Place = (schema, orders[0].index.table)
        if place in built.partitions:
            # PostgreSQL takes the index's coming as news about the partitioned table too.
            table = self._tables[place]
            oid = built.tables[place]
            restored.append(
                f"UPDATE pg_catalog.pg_class SET reltuples = {table.rows!r} WHERE oid = {oid}"  # noqa: S608
            )
        # Scripts hold numbers of our own only; the index's foreign text travels alone, in between.
        admin.script(["BEGIN", *emptied, f"SET LOCAL ROLE {ROLE}"])
        for order in orders:
            admin.execute(create_index(order.index, order.name))
        admin.script(["RESET ROLE", *restored])
        found: dict[str, list[dict[str, Any]]] = {}
        for row in admin.rows(load("twin_index"), (schema, [order.name for order in orders])):
            found.setdefault(row["root"], []).append(row)
        return found

    def _give_size(self, index: Index, row: Mapping[str, Any], table: Table, size: Extent) -> str:
        """Makes the file as long as the index would be; answers the statement that tells the catalog."""
        path = self._server.data_directory / row["path"]
        number = lengthen(self._server, path, index.method, size, file_pages(table), self._built.numbers)
        file = f", relfilenode = {number}" if number else ""
        sized = f"relpages = {size.pages}, reltuples = {size.tuples!r}{file}"
        return f"UPDATE pg_catalog.pg_class SET {sized} WHERE oid = {row['oid']}"  # noqa: S608

    def _hide(self, oids: Sequence[int], closing: Sequence[str]) -> None:
        """Turns the new indexes off, takes them off their tables' lists, and commits."""
        given = ",".join(map(str, oids))
        off = (
            "UPDATE pg_catalog.pg_index SET indisvalid = false, indislive = false"  # noqa: S608
            f" WHERE indexrelid = ANY ('{{{given}}}'::oid[])"
        )
        self._admin.script([*closing, off, "COMMIT"])

    def _asked(self, table: Table, index: Index) -> tuple[float, float]:
        rows = self._covered(table, index)
        return rows, self._groups(table, index, rows)

    def _extent(
        self,
        index: Index,
        table: Table,
        stored: Sequence[Mapping[str, Any]],
        keys: Mapping[int, ColumnStatistics],
        rows: float,
        groups: float,
    ) -> Extent:
        attributes = tuple(self._attribute(row, index, table, keys) for row in stored)
        first = attributes[0].statistics
        if index.keys[0].expression and first is not None and first.distinct:
            # The planner knows nothing of an expression without statistics of its own.
            groups = first.distinct if first.distinct > 0 else max(1.0, -first.distinct * rows)
        if index.method == "btree":
            deduplicates = (
                not index.unique and not index.include and all(row["equal_bytes"] for row in stored)
            )
            most = promises.most_combinations(table, index.columns, self._tables)
            shape = Shape(attributes, len(index.keys), rows, groups, index.unique, deduplicates, most)
            return _as_its_like(sizes.btree(shape), index, table)
        classes = tuple(str(row["opclass"] or "") for row in stored)
        return other_sizes.extent(index.method, attributes, classes, rows, file_pages(table))

    def _attribute(
        self, row: Mapping[str, Any], index: Index, table: Table, keys: Mapping[int, ColumnStatistics]
    ) -> Attribute:
        column = table.column(row["column"]) if row["column"] else None
        statistics = column.statistics if column is not None else None
        if column is None:
            statistics = keys.get(row["position"])
            column = self._inside(index, table, row["position"])
            if statistics is None and column is not None:
                statistics = column.statistics
        never_null = row["never_null"]
        if column is not None and f"{column.name} IS NOT NULL" in index.predicate:
            never_null = True
        return Attribute(
            length=row["length"],
            alignment=row["alignment"],
            statistics=statistics,
            # GIN and others store something else than the column holds.
            type=row["source_type"] if index.method != "btree" else row["type"],
            never_null=never_null,
            least=promises.least_distinct(table, row["column"])
            if row["column"] and not index.predicate
            else 0.0,
        )

    def _keys(self, index: Index, table: Table, oid: int) -> dict[int, ColumnStatistics]:
        """Statistics of the expression keys, by position: known ones, or derived from the columns'."""
        found = {}
        for position, key in enumerate(index.keys, 1):
            if not key.expression:
                continue
            known = expressions.known_statistics(index, table, position)
            found_statistics = known or self._derived_for(key, table, oid)
            if found_statistics is not None:
                found[position] = found_statistics
        return found

    def _derived_for(self, key: Key, table: Table, oid: int) -> ColumnStatistics | None:
        memo = (table.schema, table.name, key.expression, key.collation)
        if memo not in self._derived:
            strange = self._admin.rows(load("twin_foreign_calls"), (str(oid),))
            columns = expressions.columns_in(key.expression, table)
            self._derived[memo] = None if strange else expressions.derive(self._planner, key, table, columns)
        return self._derived[memo]

    def _give_statistics(
        self, index: Index, row: Mapping[str, Any], keys: Mapping[int, ColumnStatistics]
    ) -> None:
        """Expression keys get what ANALYZE would find of them once the index is there."""
        if keys and (self._server.engine.major >= 18 or index.method in _AS_THEY_ARE):
            statistics.restore_keys(self._admin, index.schema, row["name"], keys)

    def _inside(self, index: Index, table: Table, position: int) -> Column | None:
        """A column that an expression key is made of, whose width and frequencies stand in for the expression's."""
        if position > len(index.keys):
            return None
        named = expressions.columns_in(index.keys[position - 1].expression, table)
        return max(named, key=lambda column: len(column.name), default=None)

    def _covered(self, table: Table, index: Index) -> float:
        for existing in table.indexes:
            if index.predicate and existing.index.predicate == index.predicate and existing.valid:
                # Columns that depend on each other are known to an index only.
                return existing.tuples
        where = f" WHERE {index.predicate}" if index.predicate else ""
        return self._estimate(f"SELECT 1 FROM ONLY {qualified(table.schema, table.name)}{where}")  # noqa: S608

    def _groups(self, table: Table, index: Index, rows: float) -> float:
        """Distinct values of the first key among the covered rows, as the planner estimates them."""
        if index.method != "btree":
            return rows
        first = key_sql(_bare(index.keys[0]))
        where = f" WHERE {index.predicate}" if index.predicate else ""
        sql = f"SELECT DISTINCT {first} FROM ONLY {qualified(table.schema, table.name)}{where}"  # noqa: S608
        try:
            return self._estimate(sql)
        except PlanRefused:
            return rows

    def _estimate(self, sql: str) -> float:
        if sql not in self._estimates:
            self._estimates[sql] = self._rows(sql)
        return self._estimates[sql]


def _sized(order: Order, leaves: Sequence[Table]) -> bool:
    """Whether the size is known already, of each leaf."""
    return len(order.extents) == len(leaves)


def _as_its_like(extent: Extent, index: Index, table: Table) -> Extent:
    """The extent of an existing index that is all but as large, where there is one.

    Two indexes with keys of one width have equally many pages, and then the planner takes them in their order. An estimate
    that is off by one page in ten thousand would decide that otherwise.
    """
    like = [
        (abs(extent.pages * PAGE / existing.size - 1), existing)
        for existing in table.indexes
        if existing.size and existing.valid and existing.index.method == "btree"
        and not existing.index.predicate and not index.predicate
    ]  # fmt: skip
    difference, nearest = min(like, default=(1.0, None), key=lambda pair: pair[0])
    if nearest is None or difference > _ALIKE:
        return extent
    return replace(extent, pages=nearest.size // PAGE, tuples=nearest.tuples)


def refused(index: Index, why: str) -> PlanRefused:
    return PlanRefused(f"the index {index.text} cannot be examined: {why}")


def _bare(key: Key) -> Key:
    """The key as a value, without what only orders it."""
    return Key(column=key.column, expression=key.expression)
