"""A statement as it may be shown: without its literals, on one line, with nothing in it that steers a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from indexical.django.capture.placeholders import number_placeholders
from indexical.errors import StatementRefused
from indexical.report.units import shorten
from indexical.workload.fingerprint import normalise

LONGEST = 2000
"""Characters of a statement that a log or a page shows."""
WITHHELD = "(withheld: no statement that PostgreSQL would read)"


@dataclass(frozen=True, slots=True)
class Shown:
    sql: str
    fingerprint: str
    """Equal for statements that differ only in literals; empty when the text could not be read."""
    kind: str
    """``select``, ``insert``, ``update``, ``delete``, ``merge`` or ``other``."""
    table: str
    """The first table the statement names; may be empty."""


@lru_cache(maxsize=2048)
def shown(sql: str, formatted: bool) -> Shown:
    """``formatted``: the driver replaces placeholders in the text, so that ``%%`` is a ``%``.

    Text that cannot be read is withheld, since nobody can say where its literals are.
    """
    try:
        text = number_placeholders(sql).sql if formatted else sql
        normal = normalise(text, everywhere=True)
    except StatementRefused:
        return Shown(WITHHELD, "", "other", "")
    return Shown(shorten(normal.sql, LONGEST), normal.fingerprint, normal.kind, normal.table)


_KINDS = {"SELECT": "select", "WITH": "select", "VALUES": "select", "INSERT": "insert", "UPDATE": "update",
          "DELETE": "delete", "MERGE": "merge"}  # fmt: skip


def first_word(sql: str) -> str:
    """The kind by the first word alone: for what is asked on every statement, where parsing would take too long."""
    return _KINDS.get(sql[:20].lstrip("( \n\t").partition(" ")[0].upper(), "other")
