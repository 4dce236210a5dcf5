"""Sends rows to the database: with COPY to PostgreSQL, with INSERT to SQLite.

COPY: https://www.postgresql.org/docs/current/sql-copy.html; psycopg's row-wise form:
https://www.psycopg.org/psycopg3/docs/basic/copy.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.core.management.base import CommandError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from .people import Row

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Table:
    """One table, the columns its rows give, and the rows. Columns the rows leave out get the value a new object would have."""

    model: type[models.Model]
    columns: Sequence[str]
    rows: Callable[[], Iterable[Row]]
    shared: bool = False
    """True when migrations have put rows in already, so that the table need not be empty."""

    @property
    def name(self) -> str:
        return self.model._meta.db_table


def constants(table: Table) -> tuple[list[str], list[object]]:
    """The columns a table's rows leave out and that cannot be null, with their values.

    Raises CommandError for a column that is unknown to the model, or that has no value of its own.
    """
    fields = {field.column: field for field in table.model._meta.local_concrete_fields}
    unknown = [column for column in table.columns if column not in fields]
    names: list[str] = []
    values: list[object] = []
    for column, field in fields.items():
        if column in table.columns or field.null or field.primary_key:
            continue
        if not (field.has_default() or field.empty_strings_allowed):
            unknown.append(column)
            continue
        names.append(column)
        value = field.get_default()
        values.append(json.dumps(value) if isinstance(field, models.JSONField) else value)
    if unknown:
        raise CommandError(
            f"The sample data does not fit {table.name}: {', '.join(unknown)}; bring datagen in step with the models."
        )
    return names, values


def write(connection: BaseDatabaseWrapper, cursor: CursorWrapper, table: Table) -> int:
    """Send all rows of one table; returns how many they were."""
    names, values = constants(table)
    columns = [*table.columns, *names]
    rest = tuple(values)
    rows: Iterator[Row] = ((*row, *rest) for row in table.rows()) if rest else iter(table.rows())
    if connection.vendor == "postgresql":
        return _copy(cursor, table.name, columns, rows)
    return _insert(connection, cursor, table, columns, rows)


def _copy(cursor: CursorWrapper, name: str, columns: Sequence[str], rows: Iterator[Row]) -> int:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    count = 0
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _insert(
    connection: BaseDatabaseWrapper,
    cursor: CursorWrapper,
    table: Table,
    columns: Sequence[str],
    rows: Iterator[Row],
) -> int:
    """The same with INSERT, each value as Django would write it for this kind of database."""
    by_column = {field.column: field for field in table.model._meta.local_concrete_fields}
    fields = [by_column[column] for column in columns]
    quote = connection.ops.quote_name
    # Django's own way of writing the statement: the names are the model's, the values go as parameters.
    statement = (
        f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, columns))}) "
        f"VALUES ({', '.join(['%s'] * len(columns))})"
    )

    def value(field: models.Field, given: object) -> object:
        if given is None:
            return None
        if isinstance(field, models.JSONField):
            return field.get_db_prep_save(json.loads(str(given)), connection)
        if isinstance(field, models.DurationField) and isinstance(given, str):
            return int(given.removesuffix(" seconds")) * 1_000_000
        return field.get_db_prep_save(field.to_python(given), connection)

    count = 0
    while batch := [
        [value(field, given) for field, given in zip(fields, row, strict=True)]
        for row in islice(rows, _BATCH)
    ]:
        cursor.executemany(statement, batch)
        count += len(batch)
    return count
