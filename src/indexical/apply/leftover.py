"""What a build has left behind, read from the catalog and never from the error, and its removal when it is ours.

The error of an ended build does not tell what is left: a lost connection may have ended valid, and a cancelled build may
leave an index that no read can use and every write pays for. An invalid index of somebody else's running build looks the
same as a leftover, so nothing is removed while another session holds a build's lock on the table.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from indexical.apply.blockers import ANY_MODE, lockers, told
from indexical.apply.facts import Named, read_holders, read_names, read_snapshots
from indexical.apply.run import Attempt, Site, cleaner, outlived
from indexical.ddl import drop_index
from indexical.errors import ConnectionFailed, DatabaseError, NoAnswer
from indexical.model import DdlStatement, ExistingIndex, Index
from indexical.pg.definition import same_definition
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import Session

_REMOVAL_PAUSE_S = 0.25
_REMOVAL_LOCK_TIMEOUT = "900ms"
"""Short, because whoever queues behind the removal for an exclusive lock stops everybody else for as long."""


@dataclass(frozen=True, slots=True)
class Settled:
    kind: Literal["absent", "valid", "removed", "pending", "foreign", "unknown"]
    """``pending``: an invalid index of ours is still there, and ``detail`` says what keeps it."""
    detail: str = ""
    remedy: str = ""
    code: str = ""
    """Of the outcome, where what is left matters more than what ended the build."""

    @property
    def clean(self) -> bool:
        return self.kind in ("absent", "removed")


ELSEWHERE = Settled(
    "unknown",
    "another server or database answers than the one the run began on, and nothing was cleaned there",
    "find out where the old server is, then run this again on the one that is to be changed",
    "TARGET_CHANGED",
)


def subject(statement: DdlStatement) -> tuple[str, Index]:
    """Name and structure of the index that a statement is about.

    Raises :class:`DatabaseError` for a statement that does not say, since nothing could be checked then.
    """
    if statement.index is None or not statement.name:
        raise DatabaseError(
            f"the statement {statement.id} does not say which index it is about; nothing was run"
        )
    return statement.name, statement.index


def find(session: Session, index: Index, name: str) -> Named | None:
    return named(session, index.schema, name)


def named(session: Session, schema: str, name: str) -> Named | None:
    """What bears the name in the schema, whatever it is."""
    found = read_names(session, [(schema, name)])
    return found[0] if found else None


def described(session: Session, index: Index, oid: int) -> ExistingIndex | None:
    """The index of this oid on the table, in any state."""
    existing = existing_indexes(session, schema=index.schema, table=index.table)
    return next((each for each in existing if each.oid == oid), None)


def settle(site: Site, statement: DdlStatement, tried: Attempt) -> Settled:
    """Waits until our backend is gone, reads what is left, and removes it when it is an invalid index of ours."""
    try:
        with cleaner(site) as session:
            return _settled(site, session, statement, tried)
    except DatabaseError as error:
        return unread(error)


def unread(error: DatabaseError) -> Settled:
    """What is to be said when the server cannot tell us what is left."""
    gone = isinstance(error, ConnectionFailed) and not isinstance(error, NoAnswer)
    return Settled(
        "unknown",
        "what is left could not be read",
        "see that the server runs, then run this again",
        "SERVER_LOST" if gone else "STATE_UNKNOWN",
    )


def _settled(site: Site, session: Session, statement: DdlStatement, tried: Attempt) -> Settled:
    name, index = subject(statement)
    if not site.same_target(session):
        return ELSEWHERE
    if outlived(session, tried.backend):
        detail = f"our backend {tried.backend.pid} is still at work"
        site.record("pending", detail=detail)
        return Settled("pending", detail, "wait for it to end, then run this again", "CLEANUP_PENDING")
    found = find(session, index, name)
    if found is None:
        return Settled("absent")
    if not _ours(session, index, found, tried):
        return Settled(
            "foreign",
            f"{index.schema}.{name} is not what this run was building; it was left alone",
            "see what it is, and choose another name for the index",
            "NAME_TAKEN",
        )
    if not tried.index_oid:
        # It was over between two looks; whoever takes the run up or back has to know it again.
        tried.index_oid = found.oid
        site.record("index", oid=found.oid)
    if found.valid and found.ready and found.live:
        return Settled("valid")
    return take_away(site, session, found)


def _ours(session: Session, index: Index, found: Named, tried: Attempt) -> bool:
    """The name was free when we began; so it is ours when the oid fits, where one was seen, and the definition does."""
    if found.kind != "i" or (tried.index_oid and found.oid != tried.index_oid):
        return False
    existing = described(session, index, found.oid)
    return existing is not None and same_definition(session, index, existing.index)


def take_away(site: Site, session: Session, left: Named) -> Settled:
    """Drops an invalid index of ours concurrently, when nobody builds on its table; waits a while for who is in the way.

    What bears the name and is not of the oid is left alone, and so is what has become valid in the meantime.
    Raises :class:`DatabaseError` when the server is lost.
    """
    drop = drop_index(left.schema, left.name, concurrently=True)
    session.set("lock_timeout", _REMOVAL_LOCK_TIMEOUT)
    deadline = time.monotonic() + site.cleanup_wait_s
    while True:
        busy = _builders(session, left.table_oid)
        now = named(session, left.schema, left.name)
        if now is None or now.oid != left.oid:
            return Settled("removed")
        if now.valid and now.ready and now.live:
            return Settled("valid")
        if not busy:
            try:
                session.execute(drop)
            except DatabaseError:
                if session.closed:
                    raise
            else:
                continue
        if time.monotonic() >= deadline:
            return _pending(site, session, left, drop)
        site.report(0.0, f"waiting to remove the INVALID index {left.name}")
        time.sleep(_REMOVAL_PAUSE_S)


def _builders(session: Session, table_oid: int) -> Sequence[str]:
    return [holder.who for holder in read_holders(session, [table_oid]) if holder.doing != "vacuum"]


def _pending(site: Site, session: Session, left: Named, drop: str) -> Settled:
    because = in_the_way(session, left.table_oid)
    detail = f"the INVALID index {left.schema}.{left.name} is still there"
    if because:
        detail = f"{detail}; in the way: {because}"
    site.record("pending", detail=detail, oid=left.oid)
    return Settled(
        "pending",
        detail,
        f"when that has ended, run this again, or: {drop}",
        "CLEANUP_PENDING",
    )


def in_the_way(session: Session, table_oid: int) -> str:
    """Whom a concurrent drop on the table waits for: whoever has touched it, else whoever holds an old snapshot."""
    touching = lockers(session, table_oid, ANY_MODE)
    if touching:
        return told(touching)
    return ", ".join(holder.who for holder in read_snapshots(session, [table_oid], 0.0))
