"""The dearest statements of a server at one moment, or exactly why they cannot be had.

Counters and rights: https://www.postgresql.org/docs/18/pgstatstatements.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model.sqltext import without_literals
from indexical.model.usage import StatementUse
from indexical.pg.queries import load
from indexical.pg.session import Session

_EXTENSION = "pg_stat_statements"
_NOT_LOADED = "55000"
MOST = 300
"""Statements that a sample keeps, the dearest."""
_LONGEST = 500
"""Characters of a text that are kept."""


def dearest(session: Session) -> tuple[tuple[StatementUse, ...], str, str]:
    """The statements, since when they are counted, and why there are none (empty when there are).

    Raises :class:`ConnectionFailed` when the server is lost; whatever else fails is the reason.
    """
    (facts,) = session.rows(load("pgss_facts"))
    missing = _missing(facts)
    if missing:
        return (), "", missing
    try:
        with session.transaction(roll_back=True):
            session.set("search_path", f"pg_catalog, {facts['quoted_schema']}", local=True)
            rows = session.rows(load("usage_statements"), {"most": MOST})
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        if error.code == _NOT_LOADED:
            return (), "", f"{_EXTENSION} is here, but its library is not in shared_preload_libraries"
        return (), "", f"{_EXTENSION} could not be read (SQLSTATE {error.code or 'none'})"
    if not rows:
        return (), "", f"{_EXTENSION} has counted no statement of this database yet"
    found = tuple(
        StatementUse(row["id"], _shown(row["query"]), int(row["calls"]), float(row["total_ms"]))
        for row in rows
    )
    return found, str(rows[0]["since"]), ""


def _shown(text: str) -> str:
    """On one line, and without literals: the server leaves some where it met a statement for the first time."""
    line = " ".join(without_literals(text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _missing(facts: Mapping[str, Any]) -> str:
    if not facts["version"]:
        return f"{_EXTENSION} is not in this database; run: CREATE EXTENSION {_EXTENSION}"
    if not facts["usable"]:
        grant = f"GRANT USAGE ON SCHEMA {facts['quoted_schema']} TO it"
        return f"our role may not use the schema that {_EXTENSION} is in; run: {grant}"
    if "total_exec_time" not in facts["columns"] or not facts["has_info"]:
        return f"{_EXTENSION} is of an old version; run: ALTER EXTENSION {_EXTENSION} UPDATE"
    if not facts["reads_all"]:
        return f"our role sees only its own statements in {_EXTENSION}; run: GRANT pg_read_all_stats TO it"
    if facts["compute_query_id"] == "off":
        return f"compute_query_id is off, so {_EXTENSION} counts nothing; set it to auto"
    if facts["track"] == "none":
        return f"{_EXTENSION}.track is none, so it counts nothing; set it to top"
    return ""
