"""Makes hypothetical indexes in a twin: real and empty, and as long and high as the full one would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexical.ddl import create_index, key_sql, qualified
from indexical.errors import ConnectionFailed, DatabaseError, EngineFailed, PlanRefused
from indexical.model import Catalog, Column, Index, Key, Table
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.twin import sizes, storage
from indexical.twin.building import ROLE, Built
from indexical.twin.server import PrivateServer
from indexical.twin.sizes import Attribute, Extent, Shape


@dataclass(frozen=True, slots=True)
class Hypothetical:
    index: Index
    name: str
    oid: int
    extent: Extent


class Workshop:
    """The hypothetical indexes of one twin.

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
    ) -> None:
        self._server = server
        self._catalog = catalog
        self._admin = admin
        self._built = built
        self._rows = rows
        self._made: dict[Index, Hypothetical] = {}
        self._refused: dict[Index, PlanRefused] = {}
        self._estimates: dict[str, float] = {}
        self._taken = {existing.name for existing in catalog.indexes()} | {
            table.name for table in catalog.tables
        }
        self._number = 0
        self.names: dict[str, Index] = {}

    def find(self, index: Index) -> Hypothetical | None:
        """The index if it has been made. Raises :class:`PlanRefused` if that has failed before."""
        if index in self._refused:
            raise self._refused[index]
        return self._made.get(index)

    def make(self, index: Index, extent: Extent | None = None) -> Hypothetical:
        """Makes the index, with an estimated size unless one is given."""
        table = self._catalog.table(index.schema, index.table)
        oid = self._built.tables.get((index.schema, index.table))
        if table is None or oid is None:
            raise self._refuse(index, f"the planner twin has no table {index.qualified_table}")
        name = self._name()
        try:
            # The planner is asked before the new index exists.
            rows = self._covered(table, index) if extent is None else extent.tuples
            groups = self._groups(table, index, rows) if extent is None else 0.0
            with self._whole_or_not():
                place = self._create(index, name, oid, table)
                size = extent or self._extent(index, table, place["attributes"], rows, groups)
                self._give_size(index, self._server.data_directory / place["path"], place["oid"], size)
        except (ConnectionFailed, EngineFailed):
            raise
        except DatabaseError as error:
            raise self._refuse(index, str(error)) from None
        self._made[index] = Hypothetical(index, name, place["oid"], size)
        self.names[name] = index
        return self._made[index]

    @contextmanager
    def _whole_or_not(self) -> Iterator[None]:
        """Ends in a commit, which the body sends itself, or in nothing at all."""
        try:
            yield
        except BaseException:
            if not self._admin.closed and self._admin.in_transaction:
                self._admin.script(["ROLLBACK"])
            raise

    def _create(self, index: Index, name: str, oid: int, table: Table) -> dict[str, Any]:
        """Creates the index over no rows, and leaves the transaction open."""
        admin = self._admin
        # Scripts hold numbers of our own only; the index's foreign text travels alone, in between.
        admin.script(
            [
                "BEGIN",
                f"UPDATE pg_catalog.pg_class SET relfilenode = {self._built.empty_file} WHERE oid = {oid}",  # noqa: S608
                f"SET LOCAL ROLE {ROLE}",
            ]
        )
        admin.execute(create_index(index, name))
        analysed = table.analysed_pages if table.analysed_pages >= 0 else table.pages
        restored = (
            f"UPDATE pg_catalog.pg_class SET relfilenode = {self._built.files[oid]}, relpages = {analysed},"  # noqa: S608
            f" reltuples = {table.rows!r}, relallvisible = {table.visible_pages} WHERE oid = {oid}"
        )
        admin.script(["RESET ROLE", restored])
        return admin.rows(load("twin_index"), (index.schema, name))[0]

    def _give_size(self, index: Index, path: Path, oid: int, size: Extent) -> None:
        """Makes the file as long as the index would be, hides the index, and commits."""
        if index.method == "btree":
            storage.build_tree(path, size.pages, size.height, self._server.engine)
        else:
            storage.extend(path, max(size.pages, path.stat().st_size // 8192), self._server.engine)
        self._admin.script(
            [
                f"UPDATE pg_catalog.pg_class SET relpages = {size.pages}, reltuples = {size.tuples!r} WHERE oid = {oid}",  # noqa: S608
                f"UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = {oid}",  # noqa: S608
                "COMMIT",
            ]
        )

    def _extent(
        self, index: Index, table: Table, stored: Sequence[Mapping[str, Any]], rows: float, groups: float
    ) -> Extent:
        attributes = tuple(self._attribute(row, index, table) for row in stored)
        if index.method != "btree":
            width = sum(size * share for size, share in attributes[0].widths())
            return sizes.other(index.method, rows, table.pages, width)
        deduplicates = not index.unique and not index.include and all(row["equal_bytes"] for row in stored)
        return sizes.btree(Shape(attributes, len(index.keys), rows, groups, index.unique, deduplicates))

    def _attribute(self, row: Mapping[str, Any], index: Index, table: Table) -> Attribute:
        column = table.column(row["column"]) if row["column"] else self._inside(index, table, row["position"])
        never_null = row["never_null"]
        if column is not None and f"{column.name} IS NOT NULL" in index.predicate:
            never_null = True
        return Attribute(
            length=row["length"],
            alignment=row["alignment"],
            statistics=column.statistics if column is not None else None,
            type=row["type"],
            never_null=never_null,
        )

    def _inside(self, index: Index, table: Table, position: int) -> Column | None:
        """The one column an expression key is made of, whose width and frequencies stand in for the expression's."""
        text = index.keys[position - 1].expression
        named = [column for column in table.columns if column.name in text]
        return max(named, key=lambda column: len(column.name), default=None)

    def _covered(self, table: Table, index: Index) -> float:
        where = f" WHERE {index.predicate}" if index.predicate else ""
        return self._estimate(f"SELECT 1 FROM {qualified(table.schema, table.name)}{where}")  # noqa: S608

    def _groups(self, table: Table, index: Index, rows: float) -> float:
        """Distinct values of the first key among the covered rows, as the planner estimates them."""
        if index.method != "btree":
            return rows
        first = key_sql(_bare(index.keys[0]))
        where = f" WHERE {index.predicate}" if index.predicate else ""
        sql = f"SELECT DISTINCT {first} FROM {qualified(table.schema, table.name)}{where}"  # noqa: S608
        try:
            return self._estimate(sql)
        except PlanRefused:
            return rows

    def _estimate(self, sql: str) -> float:
        if sql not in self._estimates:
            self._estimates[sql] = self._rows(sql)
        return self._estimates[sql]

    def _name(self) -> str:
        while True:
            self._number += 1
            name = f"whatif_{self._number}"
            if name not in self._taken:
                return name

    def _refuse(self, index: Index, why: str) -> PlanRefused:
        self._refused[index] = PlanRefused(f"the index {index.text} cannot be examined: {why}")
        return self._refused[index]


def _bare(key: Key) -> Key:
    """The key as a value, without what only orders it."""
    return Key(column=key.column, expression=key.expression)
