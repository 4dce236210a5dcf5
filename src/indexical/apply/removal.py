"""Dropping one index: only the one that was advised on, only when nothing but reads needs it, only when its replacements serve.

``DROP INDEX CONCURRENTLY`` switches the index off in its first instant, and cancelling it does not switch it on again: a
drop that was begun is therefore finished, or, when that is asked for, the index is built anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from indexical.apply.creation import create
from indexical.apply.ending import ended_by
from indexical.apply.facts import TableFacts, read_tables
from indexical.apply.index_record import restoring
from indexical.apply.leftover import (
    ELSEWHERE,
    Settled,
    described,
    find,
    in_the_way,
    subject,
    unread,
)
from indexical.apply.partitions import drop_partitioned
from indexical.apply.reindex import rebuild, reindex_statement
from indexical.apply.run import Attempt, Site, attempt, cleaner, outlived
from indexical.apply.wording import sqlstate
from indexical.ddl import qualified
from indexical.errors import DatabaseError
from indexical.model import Applied, DdlStatement, Failed, IndexRecord, Outcome, Skipping
from indexical.model.keeping import needed_by
from indexical.pg.definition import same_definition
from indexical.pg.indexes import existing_indexes

_RETRIES = {"40P01": 3, "55P03": 2}
_FINISHING = 3
_PAUSE_S = 1.0
_FINISH_LOCK_TIMEOUT = "900ms"
_OFF = "switched off for reads and still there"


def drop(
    site: Site, statement: DdlStatement, *, after: Sequence[DdlStatement] = (), own: bool = False
) -> Outcome:
    """Drops the statement's index concurrently, once every index of ``after`` is there, valid and as defined.

    ``own`` says that a run of ours has built it, and is taken back: that it is unique does not keep it then.
    Raises :class:`DatabaseError` when even the state before it cannot be read.
    """
    missing = not_ready(site, after)
    if missing:
        return Skipping(
            statement.id,
            statement.summary,
            f"{missing} is not there and valid, and this index may be needed without it",
        )
    standing = _before(site, statement, own=own)
    if not isinstance(standing, TableFacts):
        return standing
    if standing.kind == "p":
        return drop_partitioned(site, statement, standing)
    begun = time.monotonic()
    tries = 0
    while True:
        tried = Attempt()
        try:
            attempt(site, statement, standing, tried)
        except BaseException:
            # Interrupted: what was switched off already is better gone than half there.
            if tried.began and _left(site, statement, tried).detail == _OFF:
                _finish(site, statement)
            raise
        left = _left(site, statement, tried)
        if left.kind == "absent":
            return Applied(statement.id, statement.summary, (time.monotonic() - begun) * 1000)
        tries += 1
        if not _worth_another(tried, left, tries):
            return _failed(statement, tried, left)
        time.sleep(_PAUSE_S)


def not_ready(site: Site, creates: Sequence[DdlStatement]) -> str:
    """The first of the indexes that the database does not have, valid and as defined, under whatever name; empty for none.

    Asked of the catalog, so that it also holds for what an earlier run has built. Raises :class:`DatabaseError`.
    """
    for statement in creates:
        name, index = subject(statement)
        there = existing_indexes(site.monitor, schema=index.schema, table=index.table)
        whole = [each.index for each in there if each.valid and each.ready]
        if not any(same_definition(site.monitor, index, each) for each in whole):
            return name
    return ""


def restore_dropped(site: Site, statement: DdlStatement, record: IndexRecord | None = None) -> Outcome:
    """Brings back the index that the statement has dropped or was dropping.

    ``record`` is what it was before; the way back is made from it, never taken as it stands there. Without it the statement's
    own undo is run. One that is switched off is built anew in place, one that is gone is created. Raises
    :class:`DatabaseError` when the state cannot be read.
    """
    name, index = subject(statement)
    found = find(site.monitor, index, name)
    again = replace(
        statement, action="create", sql=restoring(record)[0] if record and record.restore else statement.undo,
        undo=statement.sql, summary=f"restore index {name} on {index.text}", oid=0,
    )  # fmt: skip
    if found is not None and not (found.valid and found.ready and found.live):
        existing = described(site.monitor, index, found.oid)
        ours = not statement.oid or statement.oid == found.oid
        if existing is None or not ours or not same_definition(site.monitor, index, existing.index):
            return Failed(
                again.id, again.summary, f"something else bears the name {index.schema}.{name}",
                "choose another name for the index", "NAME_TAKEN",
            )  # fmt: skip
        return rebuild(
            site, replace(reindex_statement(existing), id=again.id, summary=again.summary), off=True
        )
    outcome = create(site, again)
    if isinstance(outcome, Applied) and record is not None:
        return replace(
            outcome, note="; ".join(part for part in (outcome.note, _furnish(site, record)) if part)
        )
    return outcome


def _furnish(site: Site, record: IndexRecord) -> str:
    """Gives the index what a definition leaves out: comment, statistics targets, flags. What could not be done is told."""
    undone = []
    with cleaner(site) as session:
        session.set("lock_timeout", _FINISH_LOCK_TIMEOUT)
        for sql in restoring(record)[1:]:
            try:
                session.execute(sql)
            except DatabaseError:
                if session.closed:
                    raise
                undone.append(sql)
    return f"still to be run: {'; '.join(undone)}" if undone else ""


def _before(site: Site, statement: DdlStatement, *, own: bool) -> TableFacts | Outcome:
    name, index = subject(statement)
    found = find(site.monitor, index, name)
    if found is None:
        return Skipping(statement.id, statement.summary, "is not there any more")
    existing = described(site.monitor, index, found.oid)
    changed = existing is None or not same_definition(site.monitor, index, existing.index)
    if existing is None or changed or (statement.oid and statement.oid != found.oid):
        return Failed(
            statement.id, statement.summary, f"{index.schema}.{name} is not the index that was advised on any more",
            "take a new snapshot and advise again", "CHANGED",
        )  # fmt: skip
    # That it has parts is for drop_partitioned to tell.
    judged = replace(existing, partitioned=False)
    if own:
        judged = replace(judged, index=replace(judged.index, unique=False))
    needed = needed_by(judged)
    if needed:
        return Failed(
            statement.id,
            statement.summary,
            f"{index.schema}.{name} stays: {needed}",
            "keep it",
            "NEEDED",
        )
    return read_tables(site.monitor, [(index.schema, index.table)])[0]


def _left(site: Site, statement: DdlStatement, tried: Attempt) -> Settled:
    """What there is of the index after a try: nothing, all of it, or one that is switched off."""
    name, index = subject(statement)
    try:
        with cleaner(site) as session:
            if not site.same_target(session):
                return ELSEWHERE
            outlived(session, tried.backend)
            found = find(session, index, name)
            if found is None:
                return Settled("absent")
            if found.valid and found.ready and found.live:
                return Settled("valid")
            because = in_the_way(session, found.table_oid)
            site.record(
                "pending", oid=found.oid, detail=f"{index.schema}.{name} is {_OFF}; in the way: {because}"
            )
            return Settled("pending", _OFF, because, "CLEANUP_PENDING")
    except DatabaseError as error:
        return unread(error)


def _finish(site: Site, statement: DdlStatement) -> None:
    """One short try to end a drop that has begun; a transaction that stands in its way leaves it to the next run."""
    with suppress(DatabaseError), cleaner(site) as session:
        session.set("lock_timeout", _FINISH_LOCK_TIMEOUT)
        session.execute(statement.sql)


def _worth_another(tried: Attempt, left: Settled, tries: int) -> bool:
    if tried.error is None or tried.reason or left.kind == "unknown":
        return False
    state = tried.error.code
    if left.kind == "pending" and state not in ("55P03", "57014"):
        # It has begun, and nobody wanted it to stop: a lost session, a deadlock.
        return tries <= _FINISHING
    if state == "55P03" and tried.began:
        return False
    return tries <= _RETRIES.get(state, 0)


def _failed(statement: DdlStatement, tried: Attempt, left: Settled) -> Failed:
    words, remedy, ours = ended_by(tried)
    state = sqlstate(tried.error)
    if left.kind == "valid":
        return Failed(
            statement.id, statement.summary, f"{words}; the index is as it was", remedy, ours, state
        )
    if left.kind == "unknown":
        return Failed(
            statement.id, statement.summary, f"{words}; {left.detail}", left.remedy, left.code, state
        )
    name, index = subject(statement)
    because = f"; in the way: {left.remedy}" if left.remedy else ""
    return Failed(
        statement.id, statement.summary, f"{words}; the index is {left.detail}{because}",
        f"run this again to finish, or to have it back: REINDEX INDEX CONCURRENTLY {qualified(index.schema, name)}",
        left.code, state,
    )  # fmt: skip
