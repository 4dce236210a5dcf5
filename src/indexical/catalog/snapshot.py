"""Reads a database into a :class:`Catalog`: one read-only transaction, one moment, nothing changed and nothing locked.

What the role may not see is named and never an error: parts of the schema in ``not_examined``, rights and what each costs in
``missing_rights``. PostgreSQL 14 to 18.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from indexical.catalog import objects
from indexical.catalog.extremes import read_extremes
from indexical.catalog.nodes import WRITES_UNKNOWN, merged, read_use
from indexical.catalog.rights import Sight, missing_rights
from indexical.catalog.statistics import Statistics, read_statistics
from indexical.errors import ConnectionFailed, DatabaseError, InputError, RightMissing
from indexical.model import (
    Catalog,
    Column,
    ExistingIndex,
    ForeignKey,
    Table,
    WriteCounters,
)
from indexical.pg.capabilities import Capabilities
from indexical.pg.database import database_row
from indexical.pg.indexes import existing_indexes, without_outer_parentheses
from indexical.pg.queries import load
from indexical.pg.session import Session

OnEvent = Callable[[str, float, str], None]

_TIMEOUT_MS = "60000"
_LOCKED = "55P03"
_DATABASE_SETTINGS = ("lc_collate", "lc_ctype", "locale_provider", "locale", "encoding")

_PLANNING = frozenset(
    {
        "work_mem", "hash_mem_multiplier", "effective_cache_size", "random_page_cost", "seq_page_cost", "cpu_tuple_cost",
        "cpu_index_tuple_cost", "cpu_operator_cost", "parallel_setup_cost", "parallel_tuple_cost",
        "max_parallel_workers_per_gather", "jit", "plan_cache_mode", "constraint_exclusion",
    }
)  # fmt: skip
"""Settings whose difference between roles changes plans; the rest is the same for all or says how values are printed."""


def snapshot(
    session: Session, *, on_event: OnEvent | None = None, replicas: Sequence[Session] = ()
) -> Catalog:
    """Everything the advice needs to know about the database of a session.

    ``replicas`` are sessions to other servers of the same cluster, whose use counters are added.

    Raises :class:`DatabaseError` when a server is lost or does not answer in time, and :class:`InputError` when it is
    older than PostgreSQL 14 or a replica is no standby of the source.
    """
    tell = on_event or (lambda stage, share, detail: None)
    if session.in_transaction:
        raise DatabaseError("a snapshot needs a transaction of its own; end the open one first")
    try:
        with session.transaction(roll_back=True, one_moment=True):
            catalog = _Reader(session, tell).read()
    except DatabaseError as error:
        if error.code == _LOCKED:
            raise DatabaseError(
                f"a table of {session.target} is locked by somebody who changes it; take the snapshot when that is done",
                code=_LOCKED,
            ) from None
        raise
    if not replicas:
        return catalog
    uses = [read_use(replica, f"replica {number}") for number, replica in enumerate(replicas, 1)]
    return merged(catalog, read_use(session, "source"), uses)


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
        schemas = session.rows("SELECT pg_catalog.to_jsonb(pg_catalog.current_schemas(false)) AS schemas")[0][
            "schemas"
        ]
        # From here on nothing of ours is looked up where others may create things.
        session.set("search_path", "", local=True)
        settings = session.rows(load("settings"))
        database = {**database_row(session), "schemas": schemas}
        session.set("TimeZone", "UTC", local=True)
        # The catalog's queries look dear to the planner; compiling them costs more than it saves.
        session.set("jit", "off", local=True)
        extensions = {row["name"]: row["schema"] for row in session.rows(load("extensions"))}
        capabilities = Capabilities(database["version"], extensions, database["superuser"])
        if not (supported := capabilities.supported()):
            raise InputError(f"{supported.reason}; use a newer server")
        indexes = self._heights(existing_indexes(session), capabilities)
        rows = self._readable_tables()
        self._tell("snapshot", 0.3, "statistics")
        names = {row["oid"]: f"{row['schema']}.{row['name']}" for row in rows}
        statistics = read_statistics(session, capabilities, names)
        tables = self._tables(rows, indexes, statistics, database["seconds"])
        self._tell("snapshot", 0.6, "ends of indexes")
        tables, left_alone = read_extremes(session, tables, self._missing, uncounted=uncounted)
        self._missing += statistics.unknown
        if database["standby"]:
            self._missing.append(WRITES_UNKNOWN)
        rights = missing_rights(
            Sight(
                reads_statistics=database["reads_statistics"],
                statements="pg_stat_statements" in extensions,
                tables=sum(not (row["schema_usable"] and row["readable"]) for row in rows),
                guarded=sum(row["row_security"] for row in rows),
                expressions=statistics.hidden_expressions,
                objects=statistics.hidden_extended,
                ends=left_alone,
            )
        )
        self._note_own_settings(settings)
        self._tell("snapshot", 0.9, "types, views and functions")
        catalog = replace(self._catalog(database, settings, extensions, tables), missing_rights=rights)
        self._tell("snapshot", 1.0, f"{len(catalog.tables)} tables")
        return catalog

    def _catalog(
        self,
        database: Mapping[str, Any],
        settings: Sequence[Mapping[str, Any]],
        extensions: Mapping[str, str],
        tables: tuple[Table, ...],
    ) -> Catalog:
        session, missing = self._session, self._missing
        ranges = objects.ranges(session, missing)
        views = objects.views(session, missing)
        functions = objects.functions(session, missing)
        return Catalog(
            database=database["name"],
            server_version=database["version"],
            server_version_text=database["version_text"],
            tables=tables,
            taken_at=database["taken_at"],
            statistics_since=database["statistics_since"],
            settings=_settings(settings, database),
            extensions=tuple(sorted(extensions)),
            enums=objects.enums(session),
            domains=objects.domains(session),
            not_examined=tuple(sorted(set(missing))),
            extension_schemas=tuple(sorted(extensions.items())),
            composites=objects.composites(session),
            ranges=ranges,
            collations=objects.collations(session),
            views=views,
            functions=functions,
            scoped_settings=objects.scoped_settings(session, (row["name"] for row in settings)),
            tablespaces=objects.tablespaces(session),
            standby=database["standby"],
            standbys=database["standbys"],
        )

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
                self._missing.append((name, "a foreign table: its rows and indexes are on another server"))
            if row["access_method"]:
                self._missing.append(
                    (
                        name,
                        f"its access method is {row['access_method']}; plans are made as for ordinary tables",
                    )
                )
            if not row["schema_usable"] or not row["readable"]:
                self._missing.append((name, "no right to SELECT from it, so its statistics cannot be seen"))
            elif row["row_security"]:
                self._missing.append((name, "row-level security hides its statistics from this role"))
            elif row["rows"] < 0 and row["pages"] > 0:
                self._missing.append((name, "never analysed, so its plans are guesses; run ANALYZE"))
            rows.append(row)
        return rows

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
        statistics: Statistics,
        seconds: float,
    ) -> tuple[Table, ...]:
        oids = [row["oid"] for row in rows]
        columns = self._by_relation("columns", oids)
        keys = self._by_relation("foreign_keys", oids)
        checks = self._by_relation("checks", oids)
        tables = []
        for row in rows:
            oid, place = row["oid"], (row["schema"], row["name"])
            tables.append(
                replace(
                    _table(row, seconds),
                    columns=tuple(_column(c, place, statistics) for c in columns[oid]),
                    indexes=tuple(indexes.get(place, ())),
                    foreign_keys=tuple(_foreign_key(key) for key in keys[oid]),
                    checks=tuple((check["name"], check["definition"]) for check in checks[oid]),
                    extended_statistics=tuple(statistics.extended.get(oid, ())),
                    expression_statistics=tuple(statistics.expressions.get(oid, ())),
                )
            )
        return tuple(tables)

    def _by_relation(self, query: str, oids: Sequence[int]) -> Mapping[int, list[dict[str, Any]]]:
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self._session.rows(load(query), (list(oids),)):
            found[row["relation"]].append(row)
        return found

    def _note_own_settings(self, settings: Iterable[Mapping[str, Any]]) -> None:
        own = sorted(row["name"] for row in settings if row["of_this_session"] and row["name"] in _PLANNING)
        if own:
            self._missing.append(
                (
                    f"settings {', '.join(own)}",
                    "they are set for this role, database or connection; plans are made with them, the application's may differ",
                )
            )


def _settings(rows: Iterable[Mapping[str, Any]], database: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = {row["name"]: row["value"] for row in rows}
    found.update({name: database[name] or "" for name in _DATABASE_SETTINGS})
    found["search_path"] = ", ".join('"' + name.replace('"', '""') + '"' for name in database["schemas"])
    return tuple(sorted(found.items()))


def _table(row: Mapping[str, Any], seconds: float) -> Table:
    """A table without its parts."""
    return Table(
        schema=row["schema"],
        name=row["name"],
        columns=(),
        oid=row["oid"],
        kind=row["kind"],
        rows=row["rows"],
        pages=row["pages"],
        visible_pages=row["visible_pages"],
        writes=WriteCounters(row["inserts"], row["updates"], row["hot_updates"], row["deletes"], seconds),
        last_analyzed=row["last_analyzed"],
        owner=row["owner"],
        fillfactor=row["fillfactor"],
        analysed_pages=row["analysed_pages"],
        options=objects.options(row["options"]),
        tablespace=row["tablespace"],
        partition_key=row["partition_key"],
        parents=tuple((schema, name) for schema, name in row["parents"]),
        partition_bound=row["partition_bound"],
        definition=row["definition"],
        server=row["server"],
        access_method=row["access_method"],
        persistence=row["persistence"],
    )


def _column(row: Mapping[str, Any], place: tuple[str, str], statistics: Statistics) -> Column:
    where = (*place, row["name"])
    return Column(
        name=row["name"],
        type=row["type"],
        position=row["position"],
        nullable=row["nullable"],
        collation=row["collation"],
        statistics=statistics.columns.get(where),
        type_kind=row["type_kind"],
        storage=row["storage"],
        generated=row["generated"],
        identity=row["identity"],
        expression=without_outer_parentheses(row["expression"]),
        inherited_statistics=statistics.trees.get(where),
    )


def _foreign_key(row: Mapping[str, Any]) -> ForeignKey:
    return ForeignKey(
        row["name"],
        tuple(row["columns"]),
        row["target_schema"],
        row["target_table"],
        tuple(row["target_columns"]),
    )
