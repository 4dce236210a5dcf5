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

from indexical.apply.facts import Holder, Named, read_holders, read_names, read_snapshots
from indexical.apply.run import Attempt, Site, outlived, reopen
from indexical.ddl import drop_index
from indexical.errors import DatabaseError
from indexical.model import DdlStatement, ExistingIndex, Index
from indexical.pg.definition import same_definition
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import Session

_REMOVAL_TRIES = 8
_REMOVAL_PAUSE_S = 0.25
_REMOVAL_LOCK_TIMEOUT = "900ms"
"""Short, because whoever queues behind the removal for an exclusive lock stops everybody else for as long."""


@dataclass(frozen=True, slots=True)
class Settled:
    kind: Literal["absent", "valid", "removed", "pending", "foreign"]
    """``pending``: an invalid index of ours is still there, and ``detail`` says what keeps it."""
    detail: str = ""
    remedy: str = ""


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
    found = read_names(session, [(index.schema, name)])
    return found[0] if found else None


def described(session: Session, index: Index, oid: int) -> ExistingIndex | None:
    """The index of this oid on the table, in any state."""
    existing = existing_indexes(session, schema=index.schema, table=index.table)
    return next((each for each in existing if each.oid == oid), None)


def settle(site: Site, statement: DdlStatement, tried: Attempt) -> Settled:
    """Waits until our backend is gone, reads what is left, and removes it when it is an invalid index of ours.

    Raises :class:`DatabaseError` when the server does not come back or cannot be asked.
    """
    name, index = subject(statement)
    with reopen(site.open_session) as session:
        if outlived(session, tried.backend):
            return Settled(
                "pending",
                f"our backend {tried.backend.pid} is still at work",
                "wait for it to end, then run this again",
            )
        found = find(session, index, name)
        if found is None:
            return Settled("absent")
        if not _ours(session, index, found, tried):
            return Settled(
                "foreign", f"{index.schema}.{name} is not what this run was building; it was left alone"
            )
        if found.valid and found.ready and found.live:
            return Settled("valid")
        return _remove(session, index, name, found)


def _ours(session: Session, index: Index, found: Named, tried: Attempt) -> bool:
    """The name was free when we began; so it is ours when the oid fits, where one was seen, and the definition does."""
    if found.kind != "i" or (tried.index_oid and found.oid != tried.index_oid):
        return False
    existing = described(session, index, found.oid)
    return existing is not None and same_definition(session, index, existing.index)


def _remove(session: Session, index: Index, name: str, found: Named) -> Settled:
    drop = drop_index(index.schema, name, concurrently=True)
    others = [holder for holder in read_holders(session, [found.table_oid]) if holder.doing != "vacuum"]
    if others:
        return _pending(index, name, drop, others)
    session.set("statement_timeout", "0")
    session.set("lock_timeout", _REMOVAL_LOCK_TIMEOUT)
    for _ in range(_REMOVAL_TRIES):
        try:
            session.execute(drop)
        except DatabaseError:
            if session.closed:
                raise
        if find(session, index, name) is None:
            return Settled("removed")
        time.sleep(_REMOVAL_PAUSE_S)
    return _pending(index, name, drop, read_snapshots(session, [found.table_oid], 0.0))


def _pending(index: Index, name: str, drop: str, holders: Sequence[Holder]) -> Settled:
    because = f"; {', '.join(holder.who for holder in holders)} stands in the way" if holders else ""
    return Settled(
        "pending",
        f"the INVALID index {index.schema}.{name} is still there{because}",
        f"when that has ended, run: {drop}",
    )
