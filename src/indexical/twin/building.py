"""Builds the twin of a catalog on a fresh private server: schema, files, sizes, statistics."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from indexical.ddl import create_index, quote
from indexical.errors import ConnectionFailed, DatabaseError, EngineFailed, InputError
from indexical.model import Catalog, ExistingIndex, NotExamined, Table
from indexical.pg.queries import load
from indexical.pg.session import Session, connect
from indexical.twin import schema, statistics, storage
from indexical.twin.server import PrivateServer
from indexical.twin.sizes import Attribute, height_of
from indexical.twin.skeleton import PAGE

ROLE = "indexical_planner"
"""Owns every table of the twin and has no other rights."""


@dataclass(slots=True)
class Built:
    """What the twin of a catalog is made of."""

    tables: dict[tuple[str, str], int] = field(default_factory=dict)
    """Schema and name to oid."""
    files: dict[int, int] = field(default_factory=dict)
    """Table oid to file number."""
    indexes: list[tuple[ExistingIndex, int]] = field(default_factory=list)
    """Existing indexes with their oids in the twin."""
    empty_file: int = 0
    """The file of a table that stays empty."""
    not_examined: list[NotExamined] = field(default_factory=list)


def build(
    server: PrivateServer, catalog: Catalog, admin: Session, tell: Callable[[float, str], None]
) -> Built:
    """Makes the twin. What it cannot stand for is named in ``not_examined`` and left out.

    Raises :class:`EngineFailed` when the server fails.
    """
    built = Built()
    _prepare(catalog, admin, built)
    with connect(server.url(user=ROLE), read_only=False, application_name="indexical twin") as owner:
        tell(0.2, "tables")
        _types(catalog, owner, built)
        tables = _tables(catalog, owner, built)
        tell(0.4, "indexes")
        made = _indexes(tables, owner, built)
        _files(server, admin, built, tables, made)
        tell(0.7, "constraints")
        _constraints(tables, owner, built)
    tell(0.8, "statistics")
    _extents(server, admin, built, tables, made)
    built.not_examined += statistics.restore(admin, tables)
    return built


def attempt(session: Session, sql: str) -> str:
    """Runs a statement that may be refused: empty when it held, else why not."""
    try:
        session.execute(sql)
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        return str(error)
    return ""


def _prepare(catalog: Catalog, admin: Session, built: Built) -> None:
    # Fixed statements of our own, in one round trip.
    admin.script(
        [
            f"CREATE ROLE {ROLE} LOGIN",
            f"ALTER DATABASE postgres OWNER TO {ROLE}",
            "CREATE SCHEMA indexical_twin",
            f"GRANT USAGE ON SCHEMA indexical_twin TO {ROLE}",
            "CREATE TABLE indexical_twin.empty (nothing integer)",
            load("twin_flip"),
        ]
    )
    for name in schema.schemas(catalog):
        if name != "public":
            failure = attempt(admin, f"CREATE SCHEMA {quote(name)} AUTHORIZATION {ROLE}")
            if failure:
                built.not_examined.append(NotExamined(f"schema {name}", failure))
    wanted = sorted(schema.EXTENSIONS & set(catalog.extensions))
    available = {row["name"] for row in admin.rows(load("twin_extensions"), (wanted,))} if wanted else set()
    places = dict(catalog.extension_schemas)
    for name in wanted:
        place = places.get(name, "public")
        failure = "the engine does not have it"
        if name in available:
            failure = attempt(admin, f"CREATE EXTENSION {quote(name)} SCHEMA {quote(place)} CASCADE")
        if failure:
            built.not_examined.append(NotExamined(f"extension {name}", failure))


def _types(catalog: Catalog, owner: Session, built: Built) -> None:
    for enum in catalog.enums:
        _note(built, f"type {enum.schema}.{enum.name}", attempt(owner, schema.create_enum(enum)))
    for domain in catalog.domains:
        _note(built, f"type {domain.schema}.{domain.name}", attempt(owner, schema.create_domain(domain)))


def _tables(catalog: Catalog, owner: Session, built: Built) -> list[Table]:
    made = []
    modelled = list(schema.modelled(catalog.tables))
    for table in catalog.tables:
        if table not in modelled:
            built.not_examined.append(NotExamined(table.qualified, "partitioned tables are not modelled yet"))
    for table in modelled:
        failure = attempt(owner, schema.create_table(table))
        _note(built, table.qualified, failure)
        if not failure:
            made.append(table)
    return made


def _indexes(tables: Sequence[Table], owner: Session, built: Built) -> list[ExistingIndex]:
    made = []
    for table in tables:
        for existing in table.indexes:
            try:
                sql = create_index(existing.index, existing.name)
            except InputError as error:
                _note(built, f"index {existing.name}", str(error))
                continue
            failure = attempt(owner, sql)
            _note(built, f"index {existing.name}", failure)
            if not failure:
                made.append(existing)
    return made


def _constraints(tables: Sequence[Table], owner: Session, built: Built) -> None:
    keys = [sql for table in tables for existing in table.indexes if (sql := schema.add_constraint(existing))]
    for sql in keys:
        # A constraint only adds to its index what few plans need; the index itself is there.
        attempt(owner, sql)
    for table in tables:
        for name, definition in table.checks:
            _note(
                built,
                f"constraint {name} of {table.qualified}",
                attempt(owner, schema.add_check(table, name, definition)),
            )
        for key in table.foreign_keys:
            what = f"foreign key {key.name} of {table.qualified}"
            _note(built, what, attempt(owner, schema.add_foreign_key(table, key)))


def _note(built: Built, what: str, failure: str) -> None:
    if failure:
        built.not_examined.append(NotExamined(what, f"the planner twin cannot stand for it: {failure}"))


def _files(
    server: PrivateServer,
    admin: Session,
    built: Built,
    tables: Sequence[Table],
    made: Sequence[ExistingIndex],
) -> None:
    """Finds the relations' files and gives existing B-trees their height before anything reads them."""
    found = {(row["schema"], row["name"]): row for row in admin.rows(load("twin_relations"))}
    built.empty_file = found[("indexical_twin", "empty")]["file"]
    for table in tables:
        row = found[(table.schema, table.name)]
        built.tables[(table.schema, table.name)] = row["oid"]
        built.files[row["oid"]] = row["file"]
    by_place = {(table.schema, table.name): table for table in tables}
    for existing in made:
        row = found[(existing.index.schema, existing.name)]
        built.indexes.append((existing, row["oid"]))
        path = server.data_directory / row["path"]
        pages = existing.size // PAGE
        if existing.index.method == "btree":
            height = existing.height if existing.height >= 0 else existing_height(existing, by_place)
            storage.build_tree(path, pages, height, server.engine)
        else:
            storage.extend(path, max(pages, path.stat().st_size // PAGE), server.engine)


def existing_height(existing: ExistingIndex, tables: Mapping[tuple[str, str], Table]) -> int:
    """Levels of an existing B-tree whose metapage could not be read."""
    index = existing.index
    column = tables[(index.schema, index.table)].column(index.keys[0].column)
    known = column.statistics if column is not None else None
    width = known.average_width if known is not None and known.average_width else 8
    return height_of(existing.size // PAGE, (Attribute(width, "i"),))


def _extents(
    server: PrivateServer,
    admin: Session,
    built: Built,
    tables: Sequence[Table],
    made: Sequence[ExistingIndex],
) -> None:
    """Makes the tables as long as production's, tells the catalog, and turns off what is invalid there."""
    database = admin.rows(
        "SELECT oid::bigint AS oid FROM pg_catalog.pg_database WHERE datname = current_database()"
    )
    folder = server.data_directory / "base" / str(database[0]["oid"])
    records = []
    for table in tables:
        oid = built.tables[(table.schema, table.name)]
        if table.pages:
            storage.extend(folder / str(built.files[oid]), table.pages, server.engine)
        analysed = table.analysed_pages if table.analysed_pages >= 0 else table.pages
        records.append({"oid": oid, "pages": analysed, "tuples": table.rows, "visible": table.visible_pages})
    for existing, oid in built.indexes:
        records.append({"oid": oid, "pages": existing.size // PAGE, "tuples": existing.tuples, "visible": 0})
    admin.execute(load("twin_extents"), (json.dumps(records),))
    invalid = [oid for existing, oid in built.indexes if not existing.valid]
    if invalid:
        admin.rows("SELECT indexical_twin.flip(%s::oid[])", (invalid,))
    if len(built.indexes) != len(made):
        raise EngineFailed("the planner twin lost an index while it was built; please report this")
