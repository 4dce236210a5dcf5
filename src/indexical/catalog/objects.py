"""Types, views, functions, settings and tablespaces of a database: what its tables and statements are made of.

Functions travel as text only when they are in SQL or PL/pgSQL, and never when their text seems to hold a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from indexical.model import (
    Collation,
    CompositeType,
    DomainType,
    EnumType,
    Function,
    RangeType,
    ScopedSetting,
    Tablespace,
    View,
)
from indexical.pg.queries import load
from indexical.pg.session import Session

Missing = list[tuple[str, str]]

LONGEST_TEXT = 1 << 18
"""Characters of a view's or function's definition; longer ones are named and left out."""

_CREDENTIAL = re.compile(
    r"passw(?:or)?d\s*(?::?=|>|to\b|\W{0,3}')|://[^\s/:@']*:[^\s/@']+@|-----BEGIN [A-Z ]*PRIVATE KEY|"
    r"(?:secret|api_?key|token)\s*(?::?=|:)\s*'",
    re.IGNORECASE,
)


def holds_credential(text: str) -> bool:
    """Whether a text seems to hold a password or key: rather too often than too seldom."""
    return _CREDENTIAL.search(text) is not None


def options(pairs: Iterable[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """Storage parameters as the catalog's queries give them."""
    return tuple((name, value) for name, value in pairs)


def enums(session: Session) -> tuple[EnumType, ...]:
    return tuple(
        EnumType(row["schema"], row["name"], tuple(row["labels"])) for row in session.rows(load("enums"))
    )


def domains(session: Session) -> tuple[DomainType, ...]:
    return tuple(
        DomainType(
            row["schema"], row["name"], row["base"], row["nullable"], row["collation"], options(row["checks"])
        )
        for row in session.rows(load("domains"))
    )


def composites(session: Session) -> tuple[CompositeType, ...]:
    return tuple(
        CompositeType(row["schema"], row["name"], tuple((a, b, c) for a, b, c in row["attributes"]))
        for row in session.rows(load("composites"))
    )


def ranges(session: Session, missing: Missing) -> tuple[RangeType, ...]:
    found = []
    for row in session.rows(load("ranges")):
        if not row["simple"]:
            missing.append(
                (
                    f"type {row['schema']}.{row['name']}",
                    "a range type with functions of its own is not carried",
                )
            )
            continue
        fields = {name: value for name, value in row.items() if name != "simple"}
        found.append(RangeType(**fields))
    return tuple(found)


def collations(session: Session) -> tuple[Collation, ...]:
    return tuple(Collation(**row) for row in session.rows(load("collations")))


def views(session: Session, missing: Missing) -> tuple[View, ...]:
    """Plain views, each after those it reads from."""
    rows = {row["oid"]: row for row in session.rows(load("views"))}
    found = []
    for oid in _ordered(rows):
        row = rows[oid]
        name = f"view {row['schema']}.{row['name']}"
        if why := _why_not(row["definition"]):
            missing.append((name, why))
            continue
        found.append(
            View(
                row["schema"],
                row["name"],
                row["definition"],
                tuple(row["columns"]),
                options(row["options"]),
            )
        )
    return tuple(found)


def _ordered(rows: Mapping[int, Mapping[str, Any]]) -> list[int]:
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for oid, row in rows.items():
        sorter.add(oid, *sorted(need for need in row["needs"] if need in rows))
    try:
        return list(sorter.static_order())
    except CycleError:
        # Views can be made to read from each other; no order serves them, and no query can use them.
        return list(rows)


def functions(session: Session, missing: Missing) -> tuple[Function, ...]:
    found = []
    for row in session.rows(load("functions")):
        name = f"function {row['schema']}.{row['name']}({row['arguments']})"
        if row["language"] not in ("sql", "plpgsql"):
            if row["in_expressions"]:
                missing.append(
                    (
                        name,
                        f"it is in {row['language']}, so what an index or a column computes with it is not planned",
                    )
                )
            continue
        if why := _why_not(row["definition"]):
            missing.append((name, why))
            continue
        fields = {key: value for key, value in row.items() if key != "in_expressions"}
        found.append(Function(**fields))
    return tuple(found)


def _why_not(definition: str) -> str:
    if not definition:
        return "it was dropped while the snapshot was taken"
    if len(definition) > LONGEST_TEXT:
        return "its text is too long to be carried"
    if holds_credential(definition):
        return "its text seems to hold a password or key, so it is left out"
    return ""


def scoped_settings(session: Session, known: Iterable[str]) -> tuple[ScopedSetting, ...]:
    """Planner settings of roles and of the database; any other setting may be a secret and is left alone."""
    wanted = frozenset(known)
    found = []
    for row in session.rows(load("scoped_settings")):
        for pair in row["pairs"]:
            name, _, value = pair.partition("=")
            if name in wanted:
                found.append(ScopedSetting(name, value, row["role"], row["everywhere"]))
    return tuple(found)


def tablespaces(session: Session) -> tuple[Tablespace, ...]:
    return tuple(
        Tablespace(row["name"], options(row["options"]), row["default"])
        for row in session.rows(load("tablespaces"))
    )
