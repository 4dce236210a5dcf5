"""The two ends of indexed columns, as PostgreSQL prints them."""

from __future__ import annotations

from collections.abc import Sequence

from indexical.ddl import qualified, quote
from indexical.pg.session import Session


def only_by_index(session: Session, timeout_ms: int) -> None:
    """Turns scans of whole tables off for the open transaction, and limits the time of each statement."""
    session.set("enable_seqscan", "off", local=True)
    session.set("statement_timeout", str(timeout_ms), local=True)


def lowest_and_highest(
    session: Session, schema: str, table: str, columns: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """The lowest and highest value that is not NULL of each column, in text form; empty strings where there is none.

    To be called in a transaction after :func:`only_by_index`. Raises :class:`indexical.errors.DatabaseError`.
    """
    place = qualified(schema, table)
    parts = []
    for number, column in enumerate(columns):
        name = quote(column)
        parts += [
            f"(SELECT {name} FROM {place} WHERE {name} IS NOT NULL ORDER BY {name} LIMIT 1)::text AS low{number}",  # noqa: S608
            f"(SELECT {name} FROM {place} WHERE {name} IS NOT NULL ORDER BY {name} DESC LIMIT 1)::text AS high{number}",  # noqa: S608
        ]
    row = session.rows("SELECT " + ", ".join(parts))[0]
    return tuple((row[f"low{n}"] or "", row[f"high{n}"] or "") for n in range(len(columns)))
