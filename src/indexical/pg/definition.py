"""Whether an index in the database is the one that was asked for, when PostgreSQL has reworded its expressions.

``status = 'PAID'`` comes back from the catalog as ``((status)::text = 'PAID'::text)``. Comparing texts would call that a
different index, so the server is asked to word both: it prints the expressions of a plan's target list in one form
(https://www.postgresql.org/docs/18/sql-explain.html, VERBOSE). Nothing is executed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from indexical.ddl import qualified
from indexical.errors import DatabaseError
from indexical.model import Index, Key
from indexical.pg.session import Session

_NOT_OF_THIS_TABLE = "42"
"""SQLSTATE class of syntax errors and of unknown columns, functions and operators."""


def same_definition(session: Session, wanted: Index, found: Index) -> bool:
    """Whether two indexes of one table have the same structure.

    Asks the server only when they differ in nothing but the words of an expression or a predicate. Raises
    :class:`DatabaseError` when the server cannot be asked.
    """
    if wanted == found:
        return True
    if _shape(wanted) != _shape(found):
        return False
    pairs = [(a, b) for a, b in zip(_texts(wanted), _texts(found), strict=True) if a != b]
    if any(not a or not b for a, b in pairs):
        return False
    worded = _worded(session, wanted, [text for pair in pairs for text in pair])
    return worded is not None and worded[0::2] == worded[1::2]


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
    targets = ", ".join(f"({text})" for text in texts)
    session.prepare(b"", f"SELECT {targets} FROM {qualified(schema, table)}", ())  # noqa: S608
    return session.result_types(b"")
