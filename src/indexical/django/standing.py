"""What the database has at the moment under an index's name, on its table, and who is at work there.

Whether an index is the one that is wanted is asked of PostgreSQL itself: the wanted one is made on an empty copy of the
table, and both are printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Index, Model

from indexical.django.failure import IndexFailed
from indexical.turns import SESSION

_TABLE = """
SELECT n.nspname, c.relname, c.oid::bigint, c.relkind = 'p' FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = pg_catalog.to_regclass(%s)
"""
_NAMED = """
SELECT i.indrelid::bigint, i.indisvalid AND i.indisready AND i.indislive, pg_catalog.pg_get_indexdef(i.indexrelid), c.oid::bigint,
       i.indexprs IS NOT NULL
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
 WHERE n.nspname = %s AND c.relname = %s
"""
# Without the right to read other roles' activity the progress view still shows the pid, and the lock shows the table.
_WORKERS = """
SELECT l.pid, a.usename::text, a.application_name
  FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'relation' AND l.relation = %s::bigint::oid AND l.granted AND l.mode = 'ShareUpdateExclusiveLock'
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.pid <> pg_catalog.pg_backend_pid()
   AND (a.application_name LIKE %s
        OR EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p WHERE p.pid = l.pid))
 ORDER BY 1
"""
_COPY = "indexical_copy"
_NAME = r'(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
_CREATE = re.compile(
    rf"^\s*CREATE\s+INDEX\s+CONCURRENTLY\s+(?P<name>{_NAME})\s+ON\s+(?:{_NAME}\s*\.\s*)?{_NAME}\s+(?P<rest>.+?)\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_DROP = re.compile(
    rf"^\s*DROP\s+INDEX\s+CONCURRENTLY\s+(?:IF\s+EXISTS\s+)?(?P<name>{_NAME})\s*;?\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Place:
    schema: str
    table: str
    oid: int
    partitioned: bool


@dataclass(frozen=True, slots=True)
class Present:
    table_oid: int | None
    """None when the name belongs to something that is no index."""
    valid: bool
    definition: str
    oid: int
    expressions: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """An index by its name and the statement that makes it, given the table's SQL name and whether it is concurrent."""

    name: str
    create: Callable[[str, bool], str]


def wanted(editor: Any, model: type[Model], index: Index) -> Wanted:
    """The index of a model."""

    def create(table: str, concurrently: bool) -> str:
        statement: Any = index.create_sql(model, editor, concurrently=concurrently)
        statement.parts["table"] = table
        return str(statement)

    return Wanted(index.name, create)


def wanted_by_sql(editor: Any, sql: str) -> Wanted | None:
    """The index that a ``CREATE INDEX CONCURRENTLY`` makes; nothing for any other statement."""
    match = _CREATE.match(sql)
    if match is None:
        return None
    name, rest = bare(match["name"]), match["rest"]

    def create(table: str, concurrently: bool) -> str:
        how = "CONCURRENTLY " if concurrently else ""
        return f"CREATE INDEX {how}{editor.quote_name(name)} ON {table} {rest}"

    return Wanted(name, create)


def dropped_by_sql(sql: str) -> str:
    """The name in a ``DROP INDEX CONCURRENTLY``; empty for any other statement, and for a name with its schema."""
    match = _DROP.match(sql)
    return bare(match["name"]) if match else ""


def bare(name: str) -> str:
    """An identifier as the catalog has it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def read_place(editor: Any, model: type[Model]) -> Place:
    """Where the table is that the search path finds now, as it will for every query of the model.

    Raises :class:`IndexFailed` when it finds none.
    """
    name = editor.quote_name(model._meta.db_table)
    row = _one(editor, _TABLE, [name])
    if row is None:
        raise IndexFailed(
            f"the table {name} of {model._meta.label} is nowhere on the search path; migrate the app that makes it first",
            code="CHANGED",
        )
    return Place(str(row[0]), str(row[1]), int(row[2]), bool(row[3]))


def read_present(editor: Any, place: Place, name: str) -> Present | None:
    row = _one(editor, _NAMED, [place.schema, name])
    if row is None:
        return None
    return Present(row[0], bool(row[1]), str(row[2] or ""), int(row[3]), bool(row[4]))


def read_workers(editor: Any, place: Place) -> tuple[str, ...]:
    """Other sessions that build, rebuild or drop an index of the table."""
    with editor.connection.cursor() as cursor:
        cursor.execute(_WORKERS, [place.oid, f"{SESSION}%"])
        return tuple(
            f"pid {pid} (role {role or 'unknown'}{f', {name}' if name else ''})"
            for pid, role, name in cursor.fetchall()
        )


def refuse_foreign(present: Present, place: Place, name: str) -> None:
    """Raises :class:`IndexFailed` when the name does not belong to an index of the table."""
    if present.table_oid == place.oid:
        return
    what = (
        "something that is no index" if present.table_oid is None else f"another table: {present.definition}"
    )
    raise IndexFailed(
        f"the name {name} is taken in the schema {place.schema} by {what}; rename one of the two",
        code="NAME_TAKEN",
    )


def refuse_different(editor: Any, index: Wanted, place: Place, present: Present) -> None:
    """Raises :class:`IndexFailed` when the index is not the wanted one."""
    definition = _definition(editor, index, place)
    if definition != structure(present.definition):
        state = "" if present.valid else "INVALID and "
        raise IndexFailed(
            f"{place.schema}.{index.name} is there, but {state}defined otherwise: {present.definition}; wanted is USING "
            f"{definition}. Drop it or rename it, then run this again",
            code="NAME_TAKEN",
        )


def same(editor: Any, index: Wanted, place: Place, present: Present) -> bool:
    return present.table_oid == place.oid and _definition(editor, index, place) == structure(
        present.definition
    )


def structure(definition: str) -> str:
    """What an index is, without its name and its table."""
    return definition.partition(" USING ")[2]


def qualified(editor: Any, schema: str, name: str) -> str:
    return f"{editor.quote_name(schema)}.{editor.quote_name(name)}"


def _definition(editor: Any, index: Wanted, place: Place) -> str:
    """How PostgreSQL prints the wanted index, learnt from an empty copy of the table that is rolled back."""
    copy = editor.quote_name(_COPY)
    with transaction.atomic(using=editor.connection.alias), editor.connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {copy} (LIKE {qualified(editor, place.schema, place.table)})")
        cursor.execute(index.create(copy, False))
        cursor.execute(
            "SELECT pg_catalog.pg_get_indexdef(pg_catalog.to_regclass(%s))",
            [f"pg_temp.{editor.quote_name(index.name)}"],
        )
        printed = str(cursor.fetchone()[0])
        transaction.set_rollback(True, using=editor.connection.alias)
    return structure(printed)


def _one(editor: Any, sql: str, parameters: list[Any]) -> Any:
    with editor.connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()
