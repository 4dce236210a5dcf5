"""One look at a server's counters: of its indexes, of its tables, and of everything that tells when they began anew.

The views: https://www.postgresql.org/docs/18/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from indexical.model.usage import IndexUse, NodeState, Sample, TableUse
from indexical.pg.database import database_row
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.usage.statements import dearest

_RESETS = ("archiver", "bgwriter", "database", "wal")


def sample(session: Session, node: str = "primary", *, statements: bool = False) -> Sample:
    """The counters of the server behind the session, under the name that its samples are kept by; with the dearest
    ``statements`` when asked for, where the server has them.

    Reads only, and works on a standby. Raises :class:`indexical.errors.DatabaseError`.
    """
    with session.transaction(roll_back=True, one_moment=True):
        session.set("TimeZone", "UTC", local=True)
        session.set("search_path", "", local=True)
        (row,) = session.rows(load("usage_node"))
        found = Sample(
            node,
            row["taken_at"],
            _state(row, database_row(session)["statistics_since"]),
            tuple(IndexUse(**each) for each in session.rows(load("usage_indexes"))),
            tuple(TableUse(**each) for each in session.rows(load("usage_tables"))),
        )
        if not statements:
            return found
        dear, since, missing = dearest(session)
        return replace(found, statements=dear, statements_since=since, statements_missing=missing)


def _state(row: Mapping[str, Any], counted_since: str) -> NodeState:
    return NodeState(
        system=row["system"],
        database_oid=row["database_oid"],
        database=row["database"],
        server_version=row["server_version"],
        timeline=row["timeline"] or 0,
        standby=row["standby"],
        started=row["started"],
        resets=tuple((what, row[f"reset_{what}"]) for what in _RESETS),
        standbys=row["standbys"],
        counting=row["counting"],
        counted_since=counted_since.replace("Z", "+00:00"),
    )
