"""Existing indexes as structures, read from ``pg_index`` and its neighbours.

https://www.postgresql.org/docs/18/catalog-pg-index.html. Functions and types in expressions are qualified where the
catalog alone would not find them, because everything is read with an empty ``search_path``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexical.model import ExistingIndex, Index, Key
from indexical.pg.queries import load
from indexical.pg.session import Session

_CONSTRAINTS = {"p": "primary", "u": "unique", "x": "exclusion"}
_DESCENDING = 1
_NULLS_FIRST = 2


def existing_indexes(
    session: Session, schema: str | None = None, table: str | None = None
) -> tuple[ExistingIndex, ...]:
    """Indexes of the database's user tables, or of one schema or table, sorted by table and name.

    Heights of B-trees are left unknown. Raises :class:`indexical.errors.DatabaseError`.
    """
    # Rolled back, so that a caller's own transaction keeps its settings.
    with session.transaction(roll_back=True):
        session.set("search_path", "", local=True)
        session.set("TimeZone", "UTC", local=True)
        rows = session.rows(load("indexes"), {"schema": schema, "table": table})
    return tuple(_existing(row) for row in rows)


def without_outer_parentheses(text: str) -> str:
    """An expression without the parentheses that enclose all of it: ``((a > 1))`` is ``a > 1``."""
    text = text.strip()
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing(text: str) -> int:
    """Where the parenthesis that opens the text closes; -1 when it does not. Quoted parts do not count."""
    depth = 0
    position = 0
    while position < len(text):
        character = text[position]
        if character in "'\"":
            position = _after_quoted(text, position)
            continue
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return -1


def _after_quoted(text: str, start: int) -> int:
    """Behind a quoted literal or identifier; a doubled quote simply opens the next one."""
    quote = text[start]
    escapes = quote == "'" and start > 0 and text[start - 1] in "eE"
    position = start + 1
    while position < len(text):
        if escapes and text[position] == "\\":
            position += 2
        elif text[position] == quote:
            return position + 1
        else:
            position += 1
    return position


def _existing(row: Mapping[str, Any]) -> ExistingIndex:
    return ExistingIndex(
        name=row["name"],
        index=Index(
            schema=row["schema"],
            table=row["table"],
            keys=tuple(_key(key, row["definition"]) for key in row["keys"]),
            method=row["method"],
            include=tuple(row["include"]),
            predicate=without_outer_parentheses(row["predicate"]),
            unique=row["is_unique"],
        ),
        oid=row["oid"],
        size=row["size"],
        tuples=row["tuples"],
        scans=row["scans"],
        last_used=row["last_used"],
        constraint=_CONSTRAINTS.get(row["constraint_type"], ""),
        constraint_name=row["constraint_name"],
        foreign_key_target=row["foreign_key_target"],
        valid=row["valid"],
        ready=row["ready"],
        clustered=row["clustered"],
        replica_identity=row["replica_identity"],
        definition=row["definition"],
        comment=row["comment"],
        tablespace=row["tablespace"],
        options=tuple((name, value) for name, value in row["options"]),
        nulls_not_distinct=row["nulls_not_distinct"],
        deferrable=row["deferrable"],
        initially_deferred=row["initially_deferred"],
        constraint_definition=row["constraint_definition"],
        partitioned=row["partitioned"],
        parent_schema=row["parent_schema"],
        parent=row["parent"],
    )


def _key(key: Mapping[str, Any], definition: str) -> Key:
    options = int(key["options"])
    expression = without_outer_parentheses(key["expression"]) if key["expression"] else ""
    collation = key["collation"]
    if expression and " COLLATE " not in definition:
        # The catalog does not say what collation the expression has by itself; its definition names only another one.
        collation = ""
    return Key(
        column="" if expression else key["column"],
        expression=expression,
        opclass=key["opclass"],
        collation=collation,
        descending=bool(options & _DESCENDING),
        nulls_first=bool(options & _NULLS_FIRST),
    )
