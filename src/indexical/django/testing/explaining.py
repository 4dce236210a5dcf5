"""EXPLAIN on the test's own connection, so that the planner sees what the test's transaction has done."""

from __future__ import annotations

from typing import Any

from indexical.model import Plan, Statement
from indexical.pg.plans import parse_plan

_NAME = "indexical_asked"


def explained(cursor: Any, statement: Statement) -> Plan:
    """The plan of a statement with its values, whether they stand in its text or are bound by the database."""
    if not statement.samples:
        cursor.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {statement.sql}")
        return parse_plan(cursor.fetchone()[0], {})
    values = ", ".join(_literal(cursor, value) for value in statement.samples[0])
    types = ", ".join(kind or "unknown" for kind in statement.types)
    cursor.execute(
        f"PREPARE {_NAME} ({types}) AS {statement.sql}" if types else f"PREPARE {_NAME} AS {statement.sql}"
    )
    try:
        cursor.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE {_NAME}" + (f" ({values})" if values else ""))
        return parse_plan(cursor.fetchone()[0], {})
    finally:
        cursor.execute(f"DEALLOCATE {_NAME}")


def _literal(cursor: Any, value: str | None) -> str:
    cursor.execute("SELECT pg_catalog.quote_nullable(%s::text)", [value])
    return str(cursor.fetchone()[0])
