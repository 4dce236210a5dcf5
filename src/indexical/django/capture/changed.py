"""Which columns an UPDATE really changes.

``Model.save()`` sets every column, so the SET list says little about what an index on a column costs: PostgreSQL keeps an
update heap-only when no indexed column *changes* (https://www.postgresql.org/docs/18/storage-hot.html). The first calls of a
statement of the form that ``save()`` sends are therefore watched: the row is read before and after, through the same
connection but below Django, so that neither ``assertNumQueries`` nor ``connection.queries`` notice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from indexical.ddl import quote
from indexical.errors import IndexicalError
from indexical.workload.lexer import Token, tokens

CALLS = 20
"""Watched calls of one statement."""
MIN_COLUMNS = 2
"""A statement that sets one column is meant to change it."""
_SAVEPOINT = "indexical_probe"


@dataclass(slots=True)
class Probe:
    """How to watch one statement, and what was seen."""

    query: str
    """Reads the columns' digests of the one row; empty when the statement is not of the form."""
    columns: tuple[str, ...] = ()
    left: int = CALLS

    def read(self, connection: Any, parameters: Sequence[object]) -> tuple[object, ...] | None:
        """The row's column digests, or None when it was not to be had; then the statement is watched no more.

        Inside a transaction it is read under a savepoint: a read that fails must not fail the transaction.
        """
        row = _read(connection, self.query, parameters[-1])
        if row is None:
            self.left = 0
        return row


def probe_for(sql: str) -> Probe:
    """How to watch the statement; with nothing left to watch when it is not an update of one row by its key."""
    try:
        query, columns = _plan(tokens(sql.replace("%s", "$1")))
    except IndexicalError:
        query, columns = "", ()
    return Probe(query, columns, CALLS if query else 0)


def _plan(found: Sequence[Token]) -> tuple[str, tuple[str, ...]]:
    """For ``UPDATE t SET a = ..., b = ... WHERE t.key = %s``: the query and the columns."""
    if len(found) < 12 or [found[0].value, found[2].value] != ["update", "set"] or found[1].kind != "quoted":
        return "", ()
    table = found[1].value
    columns: list[str] = []
    depth, position = 0, 3
    expects_column = True
    while position < len(found) and not (
        depth == 0 and found[position].kind == "word" and found[position].value == "where"
    ):
        token = found[position]
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if expects_column:
            if token.kind != "quoted":
                return "", ()
            columns.append(token.value)
            expects_column = False
        elif depth == 0 and token.text == ",":
            expects_column = True
        position += 1
    rest = found[position + 1 :]
    key = rest[2].value if len(rest) >= 5 else ""
    wanted = [f'"{table}"', ".", f'"{key}"', "=", "$1"]
    if len(columns) < MIN_COLUMNS or [token.text for token in rest[:5]] != wanted:
        return "", ()
    # A RETURNING list may follow; another condition may not.
    after = rest[5:]
    if (after and after[0].value != "returning") or any(token.kind == "parameter" for token in after):
        return "", ()
    read = ", ".join(f"md5({quote(column)}::text)" for column in columns)
    # The names come from a text in which the driver reads %% as %, and go into another one.
    query = f"SELECT {read} FROM {quote(table)} WHERE {quote(key)} = %s"  # noqa: S608 - quoted names, nothing else
    return query, tuple(column.replace("%%", "%") for column in columns)


def _read(connection: Any, query: str, key: object) -> tuple[object, ...] | None:
    if connection.needs_rollback or connection.connection is None:
        return None
    driver = connection.connection
    errors = connection.Database.Error
    in_transaction = not connection.autocommit
    with contextlib.suppress(errors), driver.cursor() as cursor:
        if not in_transaction:
            cursor.execute(query, (key,))
            return _one_row(cursor)
        cursor.execute(f"SAVEPOINT {_SAVEPOINT}")
        row = None
        try:
            cursor.execute(query, (key,))
            row = _one_row(cursor)
        except errors:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        cursor.execute(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        return row
    return None


def _one_row(cursor: Any) -> tuple[object, ...] | None:
    rows = cursor.fetchall()
    return tuple(rows[0]) if len(rows) == 1 else None


@dataclass(slots=True)
class Changes:
    """What the watched calls of one statement and place changed."""

    probed: int = 0
    columns: dict[str, int] = field(default_factory=dict)

    def note(self, columns: Sequence[str], before: Sequence[object], after: Sequence[object]) -> None:
        self.probed += 1
        for column, old, new in zip(columns, before, after, strict=True):
            # Columns that never change are noted too: they were looked at.
            self.columns[column] = self.columns.get(column, 0) + (old != new)
