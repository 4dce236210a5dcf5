"""Everything the preflight looks at, read once: the checks themselves never ask the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from indexical.apply.blockers import printable, redacted
from indexical.apply.contents import ColumnFacts, Content, read_columns, read_content, subject_of
from indexical.apply.surroundings import Surroundings, read_surroundings
from indexical.ddl import MAX_IDENTIFIER
from indexical.model import ExistingIndex, Index, MadeFor
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
    locked: bool = False
    """Another session has it for itself, or waits for that: nothing more can be asked about it without waiting too."""

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
    pid: int = 0
    query: str = ""
    """Its statement, without comments and values; empty when we may not see it."""
    urgent: bool = False
    """A vacuum that protects the database from running out of transaction ids: it does not make way."""
    dump: bool = False
    """It is a ``pg_dump``."""
    waiting: bool = False
    """It still waits for its lock on the table."""


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
    ddl: tuple[Holder, ...] = ()
    """Sessions that hold or want a lock which stops writers."""
    columns: tuple[ColumnFacts, ...] = ()
    contents: tuple[Content, ...] = ()
    around: Surroundings = field(default_factory=Surroundings)
    moved: tuple[tuple[int, str], ...] = ()
    """(oid of a table that was advised on, the name that it bears now)."""

    def table(self, schema: str, name: str) -> TableFacts | None:
        return next((t for t in self.tables if (t.schema, t.name) == (schema, name)), None)

    def named(self, schema: str, name: str) -> Named | None:
        return next((n for n in self.names if (n.schema, n.name) == (schema, name)), None)

    def width(self, schema: str, table: str, column: str) -> int | None:
        key = (schema, table, column)
        return next((width for s, t, c, width in self.widths if (s, t, c) == key), None)

    def content(self, name: str) -> Content:
        """What is known beforehand of the build of this name."""
        return next((content for content in self.contents if content.name == name), Content(name))

    def twins(self, name: str) -> tuple[ExistingIndex, ...]:
        """Indexes that exist already with the definition that the build of this name is to have."""
        return tuple(existing for build, existing in self.same if build == name)


def read(
    session: Session,
    builds: Sequence[tuple[str, Index]],
    drops: Sequence[ExistingIndex],
    *,
    snapshot_seconds: float,
    made_for: Mapping[str, MadeFor] | None = None,
    replicas: Sequence[Session] = (),
) -> Facts:
    """Asks the database about everything that the given builds and drops touch.

    ``snapshot_seconds`` is the age from which an open transaction counts; ``made_for`` tells by the name of a build which table
    it was advised for; ``replicas`` are sessions to standbys. Raises :class:`DatabaseError`.
    """
    indexes = [index for _, index in builds] + [existing.index for existing in drops]
    places = sorted({(index.schema, index.table) for index in indexes})
    tables = read_tables(session, places)
    wanted = {(index.schema, each) for name, index in builds for each in (name, other_name(name))}
    wanted |= {(existing.index.schema, existing.name) for existing in drops}
    oids = [table.oid for table in tables]
    owned = {(table.schema, table.name) for table in tables if table.may_own and not table.locked}
    around = read_surroundings(session, oids, replicas)
    columns = read_columns(session, places)
    return Facts(
        server=_server(session),
        tables=tables,
        names=read_names(session, sorted(pair for pair in wanted if "\x00" not in "".join(pair))),
        same=_same(session, builds, owned),
        builders=read_holders(session, oids),
        snapshots=read_snapshots(session, oids, snapshot_seconds),
        prepared=_prepared(session, oids),
        widths=_widths(session, places),
        ddl=_ddl(session, oids),
        columns=columns,
        contents=_contents(session, builds, tables, columns, superuser=around.superuser),
        around=around,
        moved=_moved(session, (made_for or {}).values()),
    )


def other_name(name: str) -> str:
    """Another name to propose for an index, as long as PostgreSQL allows."""
    ending = "_2"
    cut = name.encode()[: MAX_IDENTIFIER - len(ending)].decode(errors="ignore")
    return cut + ending


def _contents(
    session: Session,
    builds: Sequence[tuple[str, Index]],
    tables: Sequence[TableFacts],
    columns: Sequence[ColumnFacts],
    *,
    superuser: bool,
) -> tuple[Content, ...]:
    """Only of tables of our own, which we may read."""
    found = []
    for name, index in builds:
        table = next((t for t in tables if (t.schema, t.name) == (index.schema, index.table)), None)
        if table is not None and table.may_own and not table.locked and table.kind in ("r", "m", "p"):
            subject = subject_of(name, index, table.rows, partitioned=table.kind == "p", columns=columns)
            found.append(read_content(session, subject, superuser=superuser))
    return tuple(found)


def _moved(session: Session, made_for: Collection[MadeFor]) -> tuple[tuple[int, str], ...]:
    oids = sorted({each.table_oid for each in made_for if each.table_oid})
    rows = session.rows(load("apply_oids"), {"oids": oids}) if oids else []
    return tuple((row["oid"], f"{row['schema']}.{row['name']}") for row in rows)


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
    application = f", '{printable(str(row['application']))}'" if row["application"] else ""
    return f"pid {row['pid']} (role {printable(str(row['role'] or '')) or 'unknown'}{application})"


def _query(row: dict[str, object]) -> str:
    text = str(row["query"])
    return "" if text.startswith("<insufficient") else redacted(text)


def read_holders(session: Session, oids: Sequence[int]) -> tuple[Holder, ...]:
    """Other sessions that hold the lock of an index build or a VACUUM on one of the tables."""
    rows = session.rows(load("apply_builders"), {"tables": list(oids)})
    return tuple(
        Holder(
            who=_who(row),
            seconds=row["seconds"],
            tables=(row["table_oid"],),
            doing="vacuum" if row["vacuums"] else "build" if row["builds"] else "",
            pid=row["pid"],
            query=_query(row),
            urgent="(to prevent wraparound)" in row["query"],
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
            pid=row["pid"],
            query=_query(row),
            dump=row["application"] == "pg_dump",
        )
        for row in rows
        if row["snapshot"] or row["written"]
    )


def _ddl(session: Session, oids: Sequence[int]) -> tuple[Holder, ...]:
    rows = session.rows(load("apply_ddl"), {"tables": list(oids)})
    return tuple(
        Holder(
            who=_who(row),
            seconds=row["seconds"],
            tables=(row["table_oid"],),
            pid=row["pid"],
            query=_query(row),
            waiting=not row["granted"],
        )
        for row in rows
    )


def _prepared(session: Session, oids: list[int]) -> tuple[Holder, ...]:
    rows = session.rows(load("apply_prepared"), {"tables": oids})
    return tuple(
        Holder(
            who=f"prepared transaction '{printable(row['gid'])}' (role {printable(row['role'])})",
            seconds=row["seconds"],
            tables=(row["table_oid"],),
        )
        for row in rows
    )


def _widths(session: Session, places: Sequence[tuple[str, str]]) -> tuple[tuple[str, str, str, int], ...]:
    rows = session.rows(load("apply_widths"), _pairs(places))
    return tuple((row["schema"], row["table"], row["column"], row["width"]) for row in rows)
