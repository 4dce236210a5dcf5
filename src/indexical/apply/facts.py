"""Everything the preflight looks at, read once: the checks themselves never ask the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from indexical.model import ExistingIndex, Index
from indexical.pg.definition import same_definition
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import Session


@dataclass(frozen=True, slots=True)
class Server:
    version: int
    """``server_version_num``."""
    standby: bool
    direct: bool
    """The backend that answers is the one that the connection began with: no pooler in between."""
    role: str
    database: str


@dataclass(frozen=True, slots=True)
class TableFacts:
    schema: str
    name: str
    oid: int
    kind: str
    """``pg_class.relkind``."""
    owner: str
    may_own: bool
    """Our role is the owner, a member of it, or a superuser."""
    may_create: bool
    """Our role may create objects in the table's schema."""
    rows: float
    bytes: int

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Named:
    """An object that bears the name an index is to get or has."""

    schema: str
    name: str
    oid: int
    kind: str
    valid: bool
    ready: bool
    live: bool
    table_oid: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Another session, or a prepared transaction, that stands in the way of a build."""

    who: str
    """``pid 4711 (role app, 'web')`` or ``prepared transaction 'gid' (role app)``."""
    seconds: float
    tables: tuple[int, ...] = ()
    """Oids of tables of ours that it has locked."""
    doing: str = ""
    snapshot: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    server: Server
    tables: tuple[TableFacts, ...]
    names: tuple[Named, ...]
    same: tuple[tuple[str, ExistingIndex], ...]
    """(name of a build, an index that exists already with exactly its definition)."""
    builders: tuple[Holder, ...]
    snapshots: tuple[Holder, ...]
    prepared: tuple[Holder, ...]
    widths: tuple[tuple[str, str, str, int], ...]
    """(schema, table, column, average bytes)."""

    def table(self, schema: str, name: str) -> TableFacts | None:
        return next((t for t in self.tables if (t.schema, t.name) == (schema, name)), None)

    def named(self, schema: str, name: str) -> Named | None:
        return next((n for n in self.names if (n.schema, n.name) == (schema, name)), None)

    def width(self, schema: str, table: str, column: str) -> int | None:
        key = (schema, table, column)
        return next((width for s, t, c, width in self.widths if (s, t, c) == key), None)

    def twins(self, name: str) -> tuple[ExistingIndex, ...]:
        """Indexes that exist already with the definition that the build of this name is to have."""
        return tuple(existing for build, existing in self.same if build == name)


def read(
    session: Session,
    builds: Sequence[tuple[str, Index]],
    drops: Sequence[ExistingIndex],
    *,
    snapshot_seconds: float,
) -> Facts:
    """Asks the database about everything that the given builds and drops touch.

    ``snapshot_seconds`` is the age from which an open transaction counts. Raises :class:`DatabaseError`.
    """
    indexes = [index for _, index in builds] + [existing.index for existing in drops]
    places = sorted({(index.schema, index.table) for index in indexes})
    tables = read_tables(session, places)
    wanted = {(index.schema, name) for name, index in builds}
    wanted |= {(existing.index.schema, existing.name) for existing in drops}
    oids = [table.oid for table in tables]
    return Facts(
        server=_server(session),
        tables=tables,
        names=read_names(session, sorted(wanted)),
        same=_same(session, builds, {(table.schema, table.name) for table in tables if table.may_own}),
        builders=read_holders(session, oids),
        snapshots=read_snapshots(session, oids, snapshot_seconds),
        prepared=_prepared(session, oids),
        widths=_widths(session, places),
    )


def read_tables(session: Session, places: Sequence[tuple[str, str]]) -> tuple[TableFacts, ...]:
    rows = session.rows(load("apply_tables"), _pairs(places))
    return tuple(TableFacts(**row) for row in rows)


def read_names(session: Session, names: Sequence[tuple[str, str]]) -> tuple[Named, ...]:
    return tuple(Named(**row) for row in session.rows(load("apply_names"), _pairs(names)))


def _pairs(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    return {"schemas": [schema for schema, _ in pairs], "names": [name for _, name in pairs]}


def _server(session: Session) -> Server:
    row = session.rows(load("apply_server"))[0]
    return Server(
        version=session.server_version,
        standby=row["standby"],
        direct=row["backend_pid"] == session.backend_pid,
        role=row["role"],
        database=row["database"],
    )


def _same(
    session: Session, builds: Sequence[tuple[str, Index]], owned: Collection[tuple[str, str]]
) -> tuple[tuple[str, ExistingIndex], ...]:
    """Only on tables of our own: definitions cannot be compared where we may not even read."""
    found = []
    for place in sorted({(index.schema, index.table) for _, index in builds} & set(owned)):
        existing = existing_indexes(session, schema=place[0], table=place[1])
        for name, index in builds:
            if (index.schema, index.table) == place:
                found += [(name, other) for other in existing if same_definition(session, index, other.index)]
    return tuple(found)


def _who(row: dict[str, object]) -> str:
    application = f", '{row['application']}'" if row["application"] else ""
    return f"pid {row['pid']} (role {row['role'] or 'unknown'}{application})"


def read_holders(session: Session, oids: Sequence[int]) -> tuple[Holder, ...]:
    """Other sessions that hold the lock of an index build or a VACUUM on one of the tables."""
    rows = session.rows(load("apply_builders"), {"tables": list(oids)})
    return tuple(
        Holder(
            who=_who(row),
            seconds=row["seconds"],
            tables=(row["table_oid"],),
            doing="vacuum" if row["vacuums"] else "build" if row["builds"] else "",
        )
        for row in rows
    )


def read_snapshots(session: Session, oids: Sequence[int], seconds: float) -> tuple[Holder, ...]:
    """Other sessions with a snapshot, or with writes to one of the tables, in a transaction older than that."""
    rows = session.rows(load("apply_snapshots"), {"tables": list(oids), "seconds": seconds})
    return tuple(
        Holder(
            who=_who(row),
            seconds=row["seconds"],
            tables=tuple(row["written"]),
            doing=row["state"],
            snapshot=row["snapshot"],
        )
        for row in rows
        if row["snapshot"] or row["written"]
    )


def _prepared(session: Session, oids: list[int]) -> tuple[Holder, ...]:
    rows = session.rows(load("apply_prepared"), {"tables": oids})
    return tuple(
        Holder(
            who=f"prepared transaction '{row['gid']}' (role {row['role']})",
            seconds=row["seconds"],
            tables=(row["table_oid"],),
        )
        for row in rows
    )


def _widths(session: Session, places: Sequence[tuple[str, str]]) -> tuple[tuple[str, str, str, int], ...]:
    rows = session.rows(load("apply_widths"), _pairs(places))
    return tuple((row["schema"], row["table"], row["column"], row["width"]) for row in rows)
