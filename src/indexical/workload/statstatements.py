"""``pg_stat_statements`` as a source: what really ran in the current database since its counters were reset.

Columns and rights: https://www.postgresql.org/docs/18/pgstatstatements.html. The texts have ``$n`` where constants were, so
no value of anybody's is read; which values matter is left to the column statistics.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from indexical.errors import DatabaseError, RightMissing, StatementRefused, WorkloadEmpty
from indexical.model import Catalog, Origin, Skipped
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.workload.gathering import Observation, Observed
from indexical.workload.screening import HIDDEN, Screen, prepared_query

NAME = "pg_stat_statements"
_LOST = "the server has lost its text"
_NOT_LOADED = "55000"
_HOW = (
    "set shared_preload_libraries = 'pg_stat_statements', restart the server and run CREATE EXTENSION pg_stat_statements "
    "in this database"
)


def from_snapshot(catalog: Catalog) -> Observed:
    """The statements that a snapshot carries. Raises :class:`WorkloadEmpty` when it has none to examine."""
    rows = [
        {"query": row.text, "calls": row.calls, "total_ms": row.total_ms, "rows": row.rows}
        for row in catalog.statements
    ]
    observed = _observed(rows, 0)
    if not observed.observations:
        raise WorkloadEmpty(
            f"the snapshot of database {catalog.database} holds no statement of pg_stat_statements; "
            "give --workload a server log, a capture or a .sql file"
        )
    return Observed(
        observed.observations, observed.skipped, _between(catalog.statements_since, catalog.taken_at)
    )


def _between(earlier: str, later: str) -> float:
    try:
        seconds = (dt.datetime.fromisoformat(later) - dt.datetime.fromisoformat(earlier)).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, seconds)


@dataclass(frozen=True, slots=True)
class StatStatements:
    """The statements that a database's own counters know."""

    session: Session

    def observe(self) -> Observed:
        """Raises :class:`WorkloadEmpty` when the extension is missing, not loaded, or counts nothing, and
        :class:`RightMissing` when the role may not see any statement; each says what to do.
        """
        facts = _facts(self.session)
        if not facts["version"]:
            raise WorkloadEmpty(_missing(facts))
        if not facts["usable"]:
            raise RightMissing(
                f"the role {facts['role']} may not use the schema {facts['schema']} that pg_stat_statements is in; "
                f"run: GRANT USAGE ON SCHEMA {facts['quoted_schema']} TO the role"
            )
        rows = self._rows(facts)
        seconds, forgotten = self._window(facts)
        observed = _observed(rows, facts["text_size"] or 0)
        if not rows or not observed.observations:
            self._explain_nothing(rows, facts, observed)
        notes = list(observed.skipped)
        if forgotten > 0:
            notes.append(
                Skipped(
                    f"{NAME}: rare statements",
                    f"forgotten {forgotten:.0f} times for lack of room; raise pg_stat_statements.max",
                )
            )
        return Observed(observed.observations, tuple(notes), seconds)

    def _rows(self, facts: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return _read(self.session, facts, _statements_query(facts))
        except RightMissing:
            raise
        except DatabaseError as error:
            if error.code == _NOT_LOADED:
                raise WorkloadEmpty(
                    f"pg_stat_statements is installed in database {facts['database']} but its library is not loaded; "
                    "set shared_preload_libraries = 'pg_stat_statements' and restart the server"
                ) from None
            raise

    def _window(self, facts: dict[str, Any]) -> tuple[float, float]:
        if not facts["has_info"]:
            return 0.0, 0.0
        (row,) = _read(self.session, facts, "pgss_window")
        return max(0.0, row["seconds"] or 0.0), row["forgotten"] or 0.0

    def _explain_nothing(self, rows: list[dict[str, Any]], facts: dict[str, Any], observed: Observed) -> None:
        place = f"pg_stat_statements knows no statement of database {facts['database']}"
        if any(row["query"] == HIDDEN for row in rows):
            raise RightMissing(
                f"the role {facts['role']} may not see the statements of other roles in pg_stat_statements; "
                "run: GRANT pg_read_all_stats TO the role"
            )
        if facts["compute_query_id"] == "off":
            raise WorkloadEmpty(
                f"{place}: compute_query_id is off; set it to auto and let the application run"
            )
        if facts["track"] == "none":
            raise WorkloadEmpty(
                f"{place}: pg_stat_statements.track is none; set it to top and let the application run"
            )
        why = f"; the first skipped: {observed.skipped[0].why}" if observed.skipped else ""
        raise WorkloadEmpty(f"{place} that can be examined{why}; let the application run, then try again")


def _facts(session: Session) -> dict[str, Any]:
    (facts,) = session.rows(load("pgss_facts"))
    return facts


def _missing(facts: dict[str, Any]) -> str:
    place = f"database {facts['database']} has no pg_stat_statements"
    preloaded = [part.strip() for part in (facts["preloaded"] or "").split(",")]
    if NAME in preloaded:
        return f"{place}; its library is loaded, so run in this database: CREATE EXTENSION pg_stat_statements"
    return f"{place}; {_HOW}, or give --workload a log, a capture or a .sql file"


def _statements_query(facts: dict[str, Any]) -> str:
    # The view tells, not the server: an upgraded server keeps the extension's old version until it is updated too.
    return "pgss_statements" if "total_exec_time" in facts["columns"] else "pgss_statements_before_1_8"


def _read(session: Session, facts: dict[str, Any], query: str) -> list[dict[str, Any]]:
    with session.transaction():
        session.set("search_path", f"pg_catalog, {facts['quoted_schema']}", local=True)
        return session.rows(load(query))


def _observed(rows: list[dict[str, Any]], limit: int) -> Observed:
    screen = Screen(redact=False, limit=limit)
    seen: list[Observation] = []
    skips: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        calls = float(row["calls"] or 0.0)
        try:
            if row["query"] is None:
                raise StatementRefused(_LOST)
            normalised = screen.normalise(prepared_query(row["query"]))
        except StatementRefused as error:
            skips[str(error)].append(calls)
            continue
        if calls > 0:
            seen.append(
                Observation(
                    normalised=normalised,
                    calls=calls,
                    total_ms=float(row["total_ms"] or 0.0),
                    types=normalised.types,
                    origin=Origin(source=NAME),
                    rows=float(row["rows"]) if row["rows"] is not None else -1.0,
                )
            )
    return Observed(
        tuple(seen),
        tuple(
            Skipped(f"{NAME}: {len(calls)} statement{'s' if len(calls) != 1 else ''}", why, sum(calls))
            for why, calls in sorted(skips.items())
        ),
    )
