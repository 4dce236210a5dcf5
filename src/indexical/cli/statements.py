"""What ``pg_stat_statements`` knows, put into a snapshot: the screened statements as plain rows.

The room of catalogs and the room of workloads do not know each other; here they meet.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from indexical.errors import RightMissing, WorkloadEmpty
from indexical.model import Catalog, ServerStatement
from indexical.pg.session import Session
from indexical.workload.fingerprint import normalise
from indexical.workload.gathering import Observation
from indexical.workload.screening import NOT_A_QUERY, SYSTEM
from indexical.workload.statstatements import NAME, StatStatements

_MOST = 20_000
"""The default of ``pg_stat_statements.max`` is 5,000."""
_NO_LOSS = frozenset({NOT_A_QUERY, SYSTEM})
_CATALOG = re.compile(r"\b(?:from|join)\s+pg_catalog\.", re.IGNORECASE)
"""What reads a system catalog by its full name is a tool's, our own snapshot's among them, never the application's."""


def with_statements(catalog: Catalog, session: Session, *, values: bool = True) -> Catalog:
    """The catalog with the statements its server counted; where there are none, it is said why.

    Without ``values`` no text keeps a string of anybody's, also where the server left one. Raises
    :class:`indexical.errors.DatabaseError` when the server is lost.
    """
    if NAME not in catalog.extensions:
        return catalog
    try:
        observed = StatStatements(session).observe()
    except (RightMissing, WorkloadEmpty) as error:
        return replace(catalog, not_examined=tuple(sorted({*catalog.not_examined, (NAME, str(error))})))
    notes = {(skipped.what, skipped.why) for skipped in observed.skipped if skipped.why not in _NO_LOSS}
    return replace(
        catalog,
        statements=_rows(observed.observations, values)[:_MOST],
        statements_since=_since(catalog.taken_at, observed.seconds),
        not_examined=tuple(sorted({*catalog.not_examined, *notes})),
    )


def _rows(observations: Sequence[Observation], values: bool) -> tuple[ServerStatement, ...]:
    """One row for each text, the busiest first."""
    counts: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for seen in observations:
        text = seen.normalised.sql
        if _CATALOG.search(text):
            continue
        if not values and "'" in text:
            text = normalise(text, everywhere=True).sql
        count = counts[text]
        count[0] += seen.calls
        count[1] += seen.total_ms
        count[2] += max(seen.rows, 0.0)
    found = [
        ServerStatement(text, round(calls), total, round(rows))
        for text, (calls, total, rows) in counts.items()
    ]
    return tuple(sorted(found, key=lambda row: (-row.total_ms, -row.calls, row.text)))


def _since(taken_at: str, seconds: float) -> str:
    if seconds <= 0:
        return ""
    moment = dt.datetime.fromisoformat(taken_at) - dt.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
