"""Dropping one index: only the one that was advised on, only when nothing but reads needs it.

``DROP INDEX CONCURRENTLY`` switches the index off in its first instant, and cancelling it does not switch it on again: a
drop that was begun is therefore finished, and where that fails the remedy is named.
"""

from __future__ import annotations

import time
from contextlib import suppress

from indexical.apply.checks import needed_by
from indexical.apply.facts import TableFacts, read_tables
from indexical.apply.leftover import described, find, subject
from indexical.apply.run import Attempt, Site, attempt, outlived, reopen
from indexical.apply.wording import wording
from indexical.ddl import qualified
from indexical.errors import DatabaseError
from indexical.model import Applied, DdlStatement, Failed, Outcome, Skipping
from indexical.pg.definition import same_definition

_TRIES = 3
_PAUSE_S = 1.0
_FINISH_LOCK_TIMEOUT = "900ms"


def drop(site: Site, statement: DdlStatement) -> Outcome:
    """Drops the statement's index concurrently. Raises :class:`DatabaseError` when even the state cannot be read."""
    standing = _before(site, statement)
    if not isinstance(standing, TableFacts):
        return standing
    begun = time.monotonic()
    for tries_left in reversed(range(_TRIES)):
        tried = Attempt()
        try:
            attempt(site, statement, standing, tried)
        except BaseException:
            # Interrupted: what was switched off already is better gone than half there.
            if tried.began and _left(site, statement, tried) == "off":
                _finish(site, statement)
            raise
        left = _left(site, statement, tried)
        if left == "gone":
            return Applied(statement.id, statement.summary, (time.monotonic() - begun) * 1000)
        if not tries_left or (left == "whole" and tried.reason):
            break
        time.sleep(_PAUSE_S)
    return _failed(statement, tried, left)


def _before(site: Site, statement: DdlStatement) -> TableFacts | Outcome:
    name, index = subject(statement)
    found = find(site.monitor, index, name)
    if found is None:
        return Skipping(statement.id, statement.summary, "is not there any more")
    existing = described(site.monitor, index, found.oid)
    changed = existing is None or not same_definition(site.monitor, index, existing.index)
    if existing is None or changed or (statement.oid and statement.oid != found.oid):
        return Failed(
            statement.id, statement.summary, f"{index.schema}.{name} is not the index that was advised on any more",
            "take a new snapshot and advise again",
        )  # fmt: skip
    needed = needed_by(existing)
    if needed:
        return Failed(statement.id, statement.summary, f"{index.schema}.{name} stays: {needed}", "keep it")
    return read_tables(site.monitor, [(index.schema, index.table)])[0]


def _left(site: Site, statement: DdlStatement, tried: Attempt) -> str:
    """``gone``, ``whole`` or ``off``: there, but switched off for reads."""
    name, index = subject(statement)
    with reopen(site.open_session) as session:
        outlived(session, tried.backend)
        found = find(session, index, name)
    if found is None:
        return "gone"
    return "whole" if found.valid and found.ready and found.live else "off"


def _finish(site: Site, statement: DdlStatement) -> None:
    """One short try to end a drop that has begun; a transaction that stands in its way leaves it to the next run."""
    with suppress(DatabaseError), reopen(site.open_session) as session:
        session.set("lock_timeout", _FINISH_LOCK_TIMEOUT)
        session.execute(statement.sql)


def _failed(statement: DdlStatement, tried: Attempt, left: str) -> Failed:
    words, remedy = wording(tried.error or DatabaseError("", code=""))
    if tried.reason:
        words, remedy = tried.reason, "run this again"
    if left == "whole":
        return Failed(statement.id, statement.summary, f"{words}; the index is as it was", remedy)
    name, index = subject(statement)
    return Failed(
        statement.id, statement.summary, f"{words}; the index is switched off for reads and still there",
        f"run this again to finish, or to have it back: REINDEX INDEX CONCURRENTLY {qualified(index.schema, name)}",
    )  # fmt: skip
