"""The two ends of an indexed column, as PostgreSQL prints them."""

from __future__ import annotations

from indexical.ddl import qualified, quote
from indexical.pg.session import Session


def lowest_and_highest(session: Session, schema: str, table: str, column: str) -> tuple[str, str]:
    """The lowest and highest value that is not NULL, in text form; empty strings for a table without any.

    To be called inside a transaction: it turns scans of the whole table off for it.
    Raises :class:`indexical.errors.DatabaseError`.
    """
    session.set("enable_seqscan", "off", local=True)
    name, place = quote(column), qualified(schema, table)
    row = session.rows(
        f"SELECT (SELECT {name} FROM {place} WHERE {name} IS NOT NULL ORDER BY {name} LIMIT 1)::text AS low,"  # noqa: S608
        f" (SELECT {name} FROM {place} WHERE {name} IS NOT NULL ORDER BY {name} DESC LIMIT 1)::text AS high"
    )[0]
    return row["low"] or "", row["high"] or ""
