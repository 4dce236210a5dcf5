"""One index built or dropped concurrently on PostgreSQL, by schema and name, within time limits.

See "Building Indexes Concurrently" (https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY):
a build that fails leaves an ``INVALID`` index, which costs every write and serves no read. Whether an index is the one that
is wanted is asked of PostgreSQL itself: the wanted one is made on an empty copy of the table, and both are printed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.core.management import CommandError
from django.db import DatabaseError, transaction
from django.db.models import Index, Model

LOCK_SECONDS = 5.0
WAIT_SECONDS = 900.0

log = logging.getLogger("indexical.django.operations")

_TABLE = """
SELECT n.nspname, c.relname, c.oid::bigint FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = pg_catalog.to_regclass(%s)
"""
_NAMED = """
SELECT i.indrelid::bigint, i.indisvalid AND i.indisready, pg_catalog.pg_get_indexdef(c.oid), c.oid::bigint,
       EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
 WHERE n.nspname = %s AND c.relname = %s
"""
_COPY = "indexical_copy"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for the lock on the table, and then for each transaction that was there before."""

    lock: float
    wait: float


@dataclass(frozen=True, slots=True)
class _Place:
    schema: str
    table: str
    oid: int


@dataclass(frozen=True, slots=True)
class _Present:
    table_oid: int | None
    """None when the name belongs to something that is no index."""
    valid: bool
    definition: str
    oid: int
    being_built: bool


def build(editor: Any, model: type[Model], index: Index, patience: Patience) -> None:
    """Build the index, adopt it when it is there, or build it anew when it is ``INVALID``.

    Raises :class:`CommandError` when the name means something else, or when somebody is building it just now.
    """
    if editor.collect_sql:
        editor.add_index(model, index, concurrently=True)
        return
    place = _place(editor, model)
    present = _present(editor, place, index.name)
    if present is not None:
        _refuse_foreign(present, place, index)
        if present.being_built:
            raise CommandError(
                f"{index.name} is being built by another session; run this again when that has ended"
            )
        if present.valid:
            _refuse_different(editor, model, index, place, present)
            log.warning("%s is there as defined: adopted, not built again", index.name)
            return
        log.warning("%s was left INVALID by a build that did not reach its end: built anew", index.name)
        _drop(editor, place, index, patience)
    statement: Any = index.create_sql(model, editor, concurrently=True)
    statement.parts["table"] = _qualified(editor, place.schema, place.table)
    try:
        _run(editor, place, statement, patience)
    except DatabaseError:
        _clear_up(editor, place, index, patience)
        raise


def remove(editor: Any, model: type[Model], index: Index, patience: Patience) -> None:
    """Drop the index of that name on the model's table; nothing when there is none.

    Raises :class:`CommandError` when the name means something else.
    """
    if editor.collect_sql:
        editor.remove_index(model, index, concurrently=True)
        return
    place = _place(editor, model)
    present = _present(editor, place, index.name)
    if present is None:
        log.warning("%s is gone already: nothing to remove", index.name)
        return
    _refuse_foreign(present, place, index)
    _drop(editor, place, index, patience)


def _place(editor: Any, model: type[Model]) -> _Place:
    """Where the table is that the search path finds now, as it will for every query of the model."""
    name = editor.quote_name(model._meta.db_table)
    row = _one(editor, _TABLE, [name])
    if row is None:
        raise CommandError(f"the table {name} of {model._meta.label} is nowhere on the search path")
    return _Place(str(row[0]), str(row[1]), int(row[2]))


def _present(editor: Any, place: _Place, name: str) -> _Present | None:
    row = _one(editor, _NAMED, [place.schema, name])
    if row is None:
        return None
    return _Present(row[0], bool(row[1]), str(row[2] or ""), int(row[3]), bool(row[4]))


def _refuse_foreign(present: _Present, place: _Place, index: Index) -> None:
    if present.table_oid != place.oid:
        what = (
            "something that is no index"
            if present.table_oid is None
            else f"another table: {present.definition}"
        )
        raise CommandError(
            f"the name {index.name} is taken in the schema {place.schema} by {what}; rename one of the two"
        )


def _refuse_different(
    editor: Any, model: type[Model], index: Index, place: _Place, present: _Present
) -> None:
    wanted = _definition(editor, model, index, place)
    if wanted != _structure(present.definition):
        raise CommandError(
            f"{place.schema}.{index.name} is there, but defined otherwise: {present.definition}; wanted is USING {wanted}. "
            f"Drop it or rename it, then run this again"
        )


def _definition(editor: Any, model: type[Model], index: Index, place: _Place) -> str:
    """How PostgreSQL prints the wanted index, learnt from an empty copy of the table that is rolled back."""
    statement: Any = index.create_sql(model, editor)
    statement.parts["table"] = editor.quote_name(_COPY)
    with transaction.atomic(using=editor.connection.alias), editor.connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {editor.quote_name(_COPY)} (LIKE {_qualified(editor, place.schema, place.table)})"
        )
        cursor.execute(str(statement))
        cursor.execute(
            "SELECT pg_catalog.pg_get_indexdef(pg_catalog.to_regclass(%s))",
            [f"pg_temp.{editor.quote_name(index.name)}"],
        )
        printed = str(cursor.fetchone()[0])
        transaction.set_rollback(True, using=editor.connection.alias)
    return _structure(printed)


def _structure(definition: str) -> str:
    """What an index is, without its name and its table."""
    return definition.partition(" USING ")[2]


def _drop(editor: Any, place: _Place, index: Index, patience: Patience) -> None:
    _run(editor, place, f"DROP INDEX CONCURRENTLY {_qualified(editor, place.schema, index.name)}", patience)


def _clear_up(editor: Any, place: _Place, index: Index, patience: Patience) -> None:
    """After a failed build: its remains would cost every write. What cannot be removed is found by the next run.

    What kept the build from its end may keep the remains from going, so this waits no longer than for a lock.
    """
    patience = Patience(patience.lock, patience.lock)
    with suppress(DatabaseError):
        present = _present(editor, place, index.name)
        if present is not None and present.table_oid == place.oid and not present.valid:
            _drop(editor, place, index, patience)


def _run(editor: Any, place: _Place, statement: Any, patience: Patience) -> None:
    """First the lock for a moment, which leaves nothing behind when it cannot be had; then the statement.

    A project's ``statement_timeout`` is meant for requests: it does not end the build.
    """
    connection = editor.connection
    with _settings(connection, lock_timeout=patience.lock, statement_timeout=0.0):
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            table = _qualified(editor, place.schema, place.table)
            cursor.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        with _settings(connection, lock_timeout=patience.wait):
            editor.execute(statement, params=None)


@contextmanager
def _settings(connection: Any, **seconds: float) -> Iterator[None]:
    """The session's time limits as given, and as they were at the end, however it ends."""
    names = sorted(seconds)
    with connection.cursor() as cursor:
        before = {}
        for name in names:
            cursor.execute(
                "SELECT pg_catalog.current_setting(%s), pg_catalog.set_config(%s, %s, false)",
                [name, name, f"{round(seconds[name] * 1000)}ms"],
            )
            before[name] = str(cursor.fetchone()[0])
    try:
        yield
    finally:
        # A connection that was lost took its settings with it.
        with suppress(DatabaseError), connection.cursor() as cursor:
            for name in names:
                cursor.execute("SELECT pg_catalog.set_config(%s, %s, false)", [name, before[name]])


def _qualified(editor: Any, schema: str, name: str) -> str:
    return f"{editor.quote_name(schema)}.{editor.quote_name(name)}"


def _one(editor: Any, sql: str, parameters: list[Any]) -> Any:
    with editor.connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()
