"""Reads a database into a :class:`Catalog`: one read-only transaction, one moment, nothing changed and nothing locked.

What the role may not see is named in ``not_examined`` and never an error. PostgreSQL 14 to 18.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from indexical.catalog.extremes import read_extremes
from indexical.errors import ConnectionFailed, DatabaseError, InputError, RightMissing
from indexical.model import (
    Catalog,
    Column,
    ColumnStatistics,
    DomainType,
    EnumType,
    ExistingIndex,
    ForeignKey,
    Table,
    WriteCounters,
)
from indexical.pg.capabilities import Capabilities
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import Session

OnEvent = Callable[[str, float, str], None]

_TIMEOUT_MS = "60000"
_DATABASE_SETTINGS = ("lc_collate", "lc_ctype", "locale_provider", "locale", "encoding")

Found = Mapping[int, list[Any]]


def snapshot(session: Session, *, on_event: OnEvent | None = None) -> Catalog:
    """Everything the advice needs to know about the database of a session.

    Raises :class:`DatabaseError` when the server is lost or does not answer in time, and :class:`InputError` when it is
    older than PostgreSQL 14.
    """
    tell = on_event or (lambda stage, share, detail: None)
    if session.in_transaction:
        raise DatabaseError("a snapshot needs a transaction of its own; end the open one first")
    with session.transaction(roll_back=True, one_moment=True):
        return _Reader(session, tell).read()


class _Reader:
    """The walk through one snapshot; keeps what is not examined on the way."""

    def __init__(self, session: Session, tell: OnEvent) -> None:
        self._session = session
        self._tell = tell
        self._missing: list[tuple[str, str]] = []

    def read(self) -> Catalog:
        session = self._session
        session.set("statement_timeout", _TIMEOUT_MS, local=True)
        uncounted = self._stop_counting()
        self._tell("snapshot", 0.0, "schema")
        settings = session.rows(load("settings"))
        database = session.rows(load("database"))[0]
        session.set("search_path", "", local=True)
        session.set("TimeZone", "UTC", local=True)
        extensions = {row["name"]: row["schema"] for row in session.rows(load("extensions"))}
        capabilities = Capabilities(database["version"], extensions, database["superuser"])
        if not (supported := capabilities.supported()):
            raise InputError(f"{supported.reason}; use a newer server")
        indexes = self._heights(existing_indexes(session), capabilities)
        rows = self._readable_tables()
        self._tell("snapshot", 0.3, "statistics")
        tables = self._tables(rows, indexes, self._statistics(capabilities))
        self._tell("snapshot", 0.7, "extremes")
        tables = read_extremes(session, tables, self._missing, uncounted=uncounted)
        self._note_extended_statistics()
        self._note_expressions(tables)
        catalog = Catalog(
            database=database["name"],
            server_version=database["version"],
            server_version_text=database["version_text"],
            tables=tables,
            taken_at=database["taken_at"],
            statistics_since=database["statistics_since"],
            settings=_settings(settings, database),
            extensions=tuple(sorted(extensions)),
            enums=tuple(
                EnumType(row["schema"], row["name"], tuple(row["labels"]))
                for row in session.rows(load("enums"))
            ),
            domains=tuple(DomainType(**row) for row in session.rows(load("domains"))),
            not_examined=tuple(sorted(set(self._missing))),
            extension_schemas=tuple(sorted(extensions.items())),
        )
        self._tell("snapshot", 1.0, f"{len(catalog.tables)} tables")
        return catalog

    def _stop_counting(self) -> bool:
        """Keeps our own look at the ends of indexes out of their use counters, where the role may."""
        try:
            with self._session.transaction():
                self._session.set("track_counts", "off", local=True)
        except RightMissing:
            return False
        return True

    def _readable_tables(self) -> list[dict[str, Any]]:
        rows = []
        for row in self._session.rows(load("tables")):
            name = f"{row['schema']}.{row['name']}"
            if row["kind"] == "f":
                self._missing.append((name, "a foreign table: its plans are made by another server"))
                continue
            if not row["schema_usable"] or not row["readable"]:
                self._missing.append((name, "no right to SELECT from it, so its statistics cannot be seen"))
            elif row["row_security"]:
                self._missing.append((name, "row-level security hides its statistics from this role"))
            elif row["rows"] < 0 and row["pages"] > 0:
                self._missing.append((name, "never analysed, so its plans are guesses; run ANALYZE"))
            rows.append(row)
        return rows

    def _statistics(self, capabilities: Capabilities) -> dict[tuple[str, str, str], ColumnStatistics]:
        query = "statistics" if capabilities.range_statistics() else "statistics_before_17"
        found: dict[tuple[str, str, str], ColumnStatistics] = {}
        for row in self._session.rows(load(query)):
            # A table's own statistics come first; those over its children serve where it holds no rows itself.
            found.setdefault((row["schema"], row["table"], row["name"]), _column_statistics(row))
        return found

    def _heights(
        self, indexes: Sequence[ExistingIndex], capabilities: Capabilities
    ) -> dict[tuple[str, str], list[ExistingIndex]]:
        heights: dict[int, int] = {}
        if capabilities.tree_heights():
            try:
                with self._session.transaction(roll_back=True):
                    place = self._session.rows(
                        "SELECT pg_catalog.quote_ident(%s) AS path", (capabilities.extensions["pageinspect"],)
                    )
                    self._session.set("search_path", place[0]["path"], local=True)
                    oids = [i.oid for i in indexes if i.index.method == "btree" and i.size]
                    heights = {
                        row["oid"]: row["height"] for row in self._session.rows(load("heights"), (oids,))
                    }
            except ConnectionFailed:
                raise
            except DatabaseError:
                # Sizes tell nearly the same; the twin works the heights out.
                heights = {}
        by_table: dict[tuple[str, str], list[ExistingIndex]] = defaultdict(list)
        for index in indexes:
            known = replace(index, height=heights.get(index.oid, -1))
            by_table[(index.index.schema, index.index.table)].append(known)
        return by_table

    def _tables(
        self,
        rows: Sequence[Mapping[str, Any]],
        indexes: Mapping[tuple[str, str], list[ExistingIndex]],
        statistics: Mapping[tuple[str, str, str], ColumnStatistics],
    ) -> tuple[Table, ...]:
        oids = [row["oid"] for row in rows]
        columns = self._by_relation("columns", oids)
        keys = self._by_relation("foreign_keys", oids)
        checks = self._by_relation("checks", oids)
        tables = []
        for row in rows:
            place = (row["schema"], row["name"])
            tables.append(
                Table(
                    schema=row["schema"],
                    name=row["name"],
                    columns=tuple(
                        _column(c, statistics.get((*place, c["name"]))) for c in columns[row["oid"]]
                    ),
                    indexes=tuple(indexes.get(place, ())),
                    foreign_keys=tuple(_foreign_key(key) for key in keys[row["oid"]]),
                    oid=row["oid"],
                    kind=row["kind"],
                    rows=row["rows"],
                    pages=row["pages"],
                    visible_pages=row["visible_pages"],
                    writes=WriteCounters(row["inserts"], row["updates"], row["hot_updates"], row["deletes"]),
                    checks=tuple((check["name"], check["definition"]) for check in checks[row["oid"]]),
                    last_analyzed=row["last_analyzed"],
                    owner=row["owner"],
                    fillfactor=row["fillfactor"],
                    analysed_pages=row["analysed_pages"],
                )
            )
        return tuple(tables)

    def _by_relation(self, query: str, oids: Sequence[int]) -> Mapping[int, list[dict[str, Any]]]:
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self._session.rows(load(query), (list(oids),)):
            found[row["relation"]].append(row)
        return found

    def _note_extended_statistics(self) -> None:
        for row in self._session.rows(load("extended_statistics")):
            name = f"{row['schema']}.{row['table']}"
            self._missing.append(
                (f"{name}: statistics object {row['name']}", "extended statistics are not carried over")
            )

    def _note_expressions(self, tables: Iterable[Table]) -> None:
        for table in tables:
            for existing in table.indexes:
                if any(key.expression for key in existing.index.keys):
                    what = f"{table.qualified}: index {existing.name}"
                    self._missing.append((what, "the statistics of its expressions are not carried over"))


def _settings(rows: Iterable[Mapping[str, Any]], database: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = {row["name"]: row["value"] for row in rows}
    found.update({name: database[name] or "" for name in _DATABASE_SETTINGS})
    found["search_path"] = ", ".join('"' + name.replace('"', '""') + '"' for name in database["schemas"])
    return tuple(sorted(found.items()))


def _column(row: Mapping[str, Any], statistics: ColumnStatistics | None) -> Column:
    return Column(
        name=row["name"],
        type=row["type"],
        position=row["position"],
        nullable=row["nullable"],
        collation=row["collation"],
        statistics=statistics,
        type_kind=row["type_kind"],
        storage=row["storage"],
        generated=row["generated"],
        identity=row["identity"],
    )


def _foreign_key(row: Mapping[str, Any]) -> ForeignKey:
    return ForeignKey(
        row["name"],
        tuple(row["columns"]),
        row["target_schema"],
        row["target_table"],
        tuple(row["target_columns"]),
    )


def _column_statistics(row: Mapping[str, Any]) -> ColumnStatistics:
    return ColumnStatistics(
        null_fraction=row["null_fraction"],
        average_width=row["average_width"],
        distinct=row["distinct"],
        common_values=row["common_values"],
        common_frequencies=tuple(row["common_frequencies"] or ()),
        histogram=row["histogram"],
        correlation=row["correlation"],
        common_elements=row["common_elements"],
        common_element_frequencies=tuple(row["common_element_frequencies"] or ()),
        element_count_histogram=tuple(row["element_count_histogram"] or ()),
        range_length_histogram=row["range_length_histogram"],
        range_empty_fraction=row["range_empty_fraction"],
        range_bounds_histogram=row["range_bounds_histogram"],
        inherited=row["inherited"],
    )
