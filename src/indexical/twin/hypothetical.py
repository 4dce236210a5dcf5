"""Makes hypothetical indexes in a twin: real and empty, and as long and high as the full one would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from indexical.ddl import create_index, key_sql, qualified, quote
from indexical.errors import ConnectionFailed, DatabaseError, EngineFailed, PlanRefused
from indexical.model import Catalog, Column, ColumnStatistics, Index, Key, Table
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.twin import other_sizes, sizes
from indexical.twin.arrays import array
from indexical.twin.building import Built, Place
from indexical.twin.documents import expression_statistics, samples
from indexical.twin.lengths import file_pages, lengthen
from indexical.twin.preparing import ROLE
from indexical.twin.server import PrivateServer
from indexical.twin.sizes import Attribute, Extent, Shape
from indexical.twin.skeleton import PAGE

_ALIKE = 0.002
"""Relative difference up to which an estimated size is taken for that of an existing index."""


@dataclass(frozen=True, slots=True)
class Hypothetical:
    """An index that one engine has been given. On a partitioned table it is several."""

    index: Index
    oids: tuple[int, ...]
    names: tuple[str, ...]
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
        values: Callable[[str], list[str | None]],
    ) -> None:
        self._server = server
        self._tables = {(table.schema, table.name): table for table in catalog.tables}
        self._admin = admin
        self._built = built
        self._rows = rows
        self._values = values
        self._existing = {oid for _, oid in built.indexes}
        self._estimates: dict[str, float] = {}
        self._taken = {existing.name for existing in catalog.indexes()} | {
            table.name for table in catalog.tables
        }
        self._number = 0

    def make(self, index: Index, extents: Sequence[Extent] | None = None) -> Hypothetical:
        """Makes the index, with an estimated size unless one is given for each leaf of its table.

        Raises :class:`PlanRefused` when PostgreSQL would not create it.
        """
        place = (index.schema, index.table)
        table = self._tables.get(place)
        if table is None or place not in self._built.tables:
            raise refused(index, f"the planner twin has no table {index.qualified_table}")
        leaves = [self._tables[leaf] for leaf in self._built.leaves(place)]
        known = extents is not None and len(extents) == len(leaves)
        name = self._name()
        try:
            # The planner is asked before the new index exists.
            asked = [] if known else [self._asked(leaf, index) for leaf in leaves]
            with self._whole_or_not():
                places = self._create(index, name, leaves)
                sized = list(extents or ()) if known else []
                for number, leaf in enumerate(leaves):
                    row = places.get(self._built.tables[(leaf.schema, leaf.name)])
                    if row is None:
                        continue
                    if not known:
                        sized.append(self._extent(index, leaf, row["attributes"], *asked[number]))
                    self._give_size(index, row, leaf, sized[number])
                rows = [row for row in places.values() if row["oid"] not in self._existing]
                self._hide(rows)
        except (ConnectionFailed, EngineFailed):
            raise
        except DatabaseError as error:
            raise refused(index, str(error)) from None
        return Hypothetical(
            index, tuple(row["oid"] for row in rows), tuple(row["name"] for row in rows), tuple(sized)
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

    def _create(self, index: Index, name: str, leaves: Sequence[Table]) -> dict[int, dict[str, Any]]:
        """Creates the index over no rows, and leaves the transaction open; by the table it is on."""
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
        place: Place = (index.schema, index.table)
        if place in built.partitions:
            # PostgreSQL takes the index's coming as news about the partitioned table too.
            table = self._tables[place]
            oid = built.tables[place]
            restored.append(
                f"UPDATE pg_catalog.pg_class SET reltuples = {table.rows!r} WHERE oid = {oid}"  # noqa: S608
            )
        # Scripts hold numbers of our own only; the index's foreign text travels alone, in between.
        admin.script(["BEGIN", *emptied, f"SET LOCAL ROLE {ROLE}"])
        admin.execute(create_index(index, name))
        admin.script(["RESET ROLE", *restored])
        return {row["table"]: row for row in admin.rows(load("twin_index"), (index.schema, name))}

    def _give_size(self, index: Index, row: Mapping[str, Any], table: Table, size: Extent) -> None:
        """Makes the file as long as the index would be."""
        path = self._server.data_directory / row["path"]
        number = lengthen(self._server, path, index.method, size, file_pages(table), self._built.numbers)
        file = f", relfilenode = {number}" if number else ""
        sized = f"relpages = {size.pages}, reltuples = {size.tuples!r}{file}"
        self._admin.script([f"UPDATE pg_catalog.pg_class SET {sized} WHERE oid = {row['oid']}"])  # noqa: S608

    def _hide(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Turns the new indexes off and commits."""
        oids = ",".join(str(row["oid"]) for row in rows)
        self._admin.script(
            [
                f"UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = ANY ('{{{oids}}}'::oid[])",  # noqa: S608
                "COMMIT",
            ]
        )

    def _asked(self, table: Table, index: Index) -> tuple[float, float]:
        rows = self._covered(table, index)
        return rows, self._groups(table, index, rows)

    def _extent(
        self, index: Index, table: Table, stored: Sequence[Mapping[str, Any]], rows: float, groups: float
    ) -> Extent:
        attributes = tuple(self._attribute(row, index, table) for row in stored)
        first = attributes[0].statistics
        if index.keys[0].expression and first is not None and first.distinct:
            # The planner knows nothing of an expression without statistics of its own.
            groups = first.distinct if first.distinct > 0 else max(1.0, -first.distinct * rows)
        if index.method == "btree":
            deduplicates = (
                not index.unique and not index.include and all(row["equal_bytes"] for row in stored)
            )
            shape = Shape(attributes, len(index.keys), rows, groups, index.unique, deduplicates)
            return _as_its_like(sizes.btree(shape), index, table)
        classes = tuple(str(row["opclass"] or "") for row in stored)
        return other_sizes.extent(index.method, attributes, classes, rows, file_pages(table))

    def _attribute(self, row: Mapping[str, Any], index: Index, table: Table) -> Attribute:
        column = table.column(row["column"]) if row["column"] else None
        statistics = column.statistics if column is not None else None
        if column is None:
            statistics = self._known_expression(index, table, row["position"])
            column = self._inside(index, table, row["position"])
            if statistics is None and column is not None and column.statistics is not None:
                statistics = self._sampled(index.keys[row["position"] - 1].expression, column, table)
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
        )

    def _known_expression(self, index: Index, table: Table, position: int) -> ColumnStatistics | None:
        """What an existing index's statistics say of the same expression."""
        if position > len(index.keys):
            return None
        text = index.keys[position - 1].expression
        by_name = {existing.name: existing.index for existing in table.indexes}
        for known in table.expression_statistics:
            other = by_name.get(known.index)
            if other is not None and known.position <= len(other.keys):
                same = other.keys[known.position - 1].expression == text
                if same and other.predicate in ("", index.predicate):
                    return known.statistics
        for extended in table.extended_statistics:
            for expression, statistics in zip(
                extended.expressions, extended.expression_statistics, strict=False
            ):
                if expression == text:
                    return statistics
        return None

    def _sampled(self, expression: str, column: Column, table: Table) -> ColumnStatistics | None:
        """What an expression of one column gives for the values the column's statistics hold.

        The index stands already, so its functions may be called: here, with the rights of the twin's own role.
        """
        known = column.statistics
        if known is None or not (values := samples(known)):
            return known
        given = f"{self._admin.literal(array(values))}::{column.type}[]"
        sql = f"SELECT ({expression})::text AS value FROM (SELECT pg_catalog.unnest({given}) AS {quote(column.name)}) AS sample"  # noqa: S608
        try:
            found = self._values(sql)
        except PlanRefused:
            return known
        except DatabaseError as error:
            if isinstance(error, ConnectionFailed):
                raise
            # It needs another column too, or does not take one of the values.
            return known
        return expression_statistics(found, known, table.rows)

    def _inside(self, index: Index, table: Table, position: int) -> Column | None:
        """The one column an expression key is made of, whose width and frequencies stand in for the expression's."""
        if position > len(index.keys):
            return None
        text = index.keys[position - 1].expression
        named = [column for column in table.columns if column.name in text]
        return max(named, key=lambda column: len(column.name), default=None)

    def _covered(self, table: Table, index: Index) -> float:
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

    def _name(self) -> str:
        while True:
            self._number += 1
            name = f"whatif_{self._number}"
            if name not in self._taken:
                return name


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
