"""Whether an index in the database is the one that was asked for, when PostgreSQL has reworded its expressions.

``status = 'PAID'`` comes back from the catalog as ``((status)::text = 'PAID'::text)``. Comparing texts would call that a
different index, so the server is asked to word both: it prints the expressions of a plan's target list in one form
(https://www.postgresql.org/docs/18/sql-explain.html, VERBOSE). Nothing is executed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from indexical.ddl import qualified
from indexical.errors import DatabaseError
from indexical.model import Index, Key
from indexical.pg.queries import load
from indexical.pg.session import Session

_OWN_PATH_OF_BUILDS = 170000
_CALL_OUTSIDE = re.compile(r"(?<!pg_catalog)\.\s*(?:\w+|\"(?:[^\"]|\"\")+\")\s*\(")
"""A call of a function that stands in a schema of its own."""

_NOT_OF_THIS_TABLE = "42"
"""SQLSTATE class of syntax errors and of unknown columns, functions and operators."""


def same_definition(session: Session, wanted: Index, found: Index) -> bool:
    """Whether two indexes of one table have the same structure.

    Asks the server only when they differ in nothing but the words of an expression or a predicate. Raises
    :class:`DatabaseError` when the server cannot be asked.
    """
    wanted = _qualified_as(wanted, found)
    if wanted == found:
        return True
    if _shape(wanted) != _shape(found):
        return False
    pairs = [(a, b) for a, b in zip(_texts(wanted), _texts(found), strict=True) if a != b]
    if any(not a or not b for a, b in pairs):
        return False
    texts = [text for pair in pairs for text in pair]
    worded = _worded(session, wanted, texts)
    if worded is None and session.own_path is not None:
        # What was asked for may name what only the application's own path finds.
        with session.own_path_after_ours():
            worded = _worded(session, wanted, texts)
    return worded is not None and worded[0::2] == worded[1::2]


def _qualified_as(wanted: Index, found: Index) -> Index:
    """``wanted`` with the schemas of operator classes that it leaves out and the found one says."""
    if len(wanted.keys) != len(found.keys):
        return wanted
    keys = tuple(
        replace(mine, opclass=theirs.opclass)
        if mine.opclass and "." not in mine.opclass and theirs.opclass.endswith(f".{mine.opclass}")
        else mine
        for mine, theirs in zip(wanted.keys, found.keys, strict=True)
    )
    return replace(wanted, keys=keys)


def _shape(index: Index) -> Index:
    """The index with every expression and the predicate reworded to one placeholder."""
    keys = tuple(replace(key, expression="e") if key.expression else key for key in index.keys)
    return replace(index, keys=keys, predicate="p" if index.predicate else "")


def _texts(index: Index) -> list[str]:
    return [key.expression for key in index.keys if _is_expression(key)] + [index.predicate]


def _is_expression(key: Key) -> bool:
    return bool(key.expression)


def _worded(session: Session, index: Index, texts: Sequence[str]) -> list[str] | None:
    """The texts in the server's words; None when one of them means nothing on this table."""
    targets = ", ".join(f"({text})" for text in texts)
    table = qualified(index.schema, index.table)
    try:
        # One statement, whatever the texts are: the protocol takes no second one, and a SELECT list is never executed here.
        rows = session.rows(
            f"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT {targets} FROM ONLY {table}"  # noqa: S608
        )
    except DatabaseError as error:
        if error.code.startswith(_NOT_OF_THIS_TABLE) and error.code != "42501":
            return None
        raise
    plan = next(iter(rows[0].values()))
    document = json.loads(plan) if isinstance(plan, str) else plan
    output = document[0]["Plan"].get("Output", [])
    return [str(text) for text in output] if len(output) == len(texts) else None


def typed(session: Session, schema: str, table: str, texts: Sequence[str]) -> tuple[int, ...]:
    """Oids of the types of expressions over a table. They are parsed and never executed.

    Raises :class:`DatabaseError` for a text that means nothing on this table.
    """
    if not texts:
        return ()
    try:
        return _result_types(session, schema, table, texts)
    except DatabaseError as error:
        if session.own_path is None or not error.code.startswith(_NOT_OF_THIS_TABLE):
            raise
    with session.own_path_after_ours():
        return _result_types(session, schema, table, texts)


def _result_types(session: Session, schema: str, table: str, texts: Sequence[str]) -> tuple[int, ...]:
    targets = ", ".join(f"({text})" for text in texts)
    session.prepare(b"", f"SELECT {targets} FROM {qualified(schema, table)}", ())  # noqa: S608
    return session.result_types(b"")


def own_words(session: Session, index: Index) -> AbstractContextManager[None]:
    """With the application's search path where, and only where, the index's definition means nothing without it.

    Raises :class:`DatabaseError` when the connection is lost.
    """
    return session.own_path_after_ours() if _needs_own_path(session, index) else nullcontext()


def building_words(session: Session, index: Index) -> AbstractContextManager[None]:
    """As :func:`own_words`, for a statement that runs the functions of the index.

    From version 17 on PostgreSQL builds with a search path of its own; before that a function which names no schema inside
    works with the application's only. Raises :class:`DatabaseError` when the connection is lost.
    """
    if session.server_version < _OWN_PATH_OF_BUILDS and any(map(_CALL_OUTSIDE.search, _all_texts(index))):
        return session.own_path_after_ours()
    return own_words(session, index)


def _all_texts(index: Index) -> list[str]:
    return [key.expression for key in index.keys if key.expression] + (
        [index.predicate] if index.predicate else []
    )


def _needs_own_path(session: Session, index: Index) -> bool:
    """Whether the definition names something that is neither qualified nor in ``pg_catalog``. Nothing is executed."""
    if session.own_path is None:
        return False
    opclasses = [key.opclass.partition("(")[0].strip() for key in index.keys]
    names = {
        "opclasses": sorted({name for name in opclasses if name and "." not in name}),
        "collations": sorted(
            {key.collation for key in index.keys if key.collation and "." not in key.collation}
        ),
    }
    if any(names.values()) and session.rows(load("definition_names"), names):
        return True
    texts = _all_texts(index)
    if not texts:
        return False
    try:
        _result_types(session, index.schema, index.table, texts)
    except DatabaseError as error:
        if session.closed:
            raise
        return error.code.startswith(_NOT_OF_THIS_TABLE)
    return False
