"""What is looked at on staging: the clocks, and whether the indexes of the promotion are as the run has left them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from indexical.model import ExistingIndex
from indexical.model.promotion import Clocks, Observed, Promoted
from indexical.model.run import TargetIdentity
from indexical.pg.definition import same_definition
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import Session

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def clocks(session: Session | None = None) -> Clocks:
    """This moment by every clock there is. Raises :class:`indexical.errors.DatabaseError` with a session."""
    boot, running = "", 0.0
    with suppress(OSError, AttributeError):
        running = time.clock_gettime(time.CLOCK_BOOTTIME)
        boot = _BOOT.read_text(encoding="ascii").strip()[:64]
    server = 0.0
    if session is not None:
        with session.closed_path():
            server = float(session.rows(load("promotion_clock"))[0]["now"])
    return Clocks(time.time(), boot, running if boot else 0.0, server)


def observe(session: Session, target: TargetIdentity, changes: Sequence[Promoted]) -> Observed:
    """Looks at every index of the promotion, and for invalid ones anywhere. Reads only; raises DatabaseError."""
    with session.closed_path():
        existing = existing_indexes(session)
        wrong = [words for change in changes if (words := _wrong(session, change, existing))]
    invalid = [f"{each.index.schema}.{each.name}" for each in existing if not (each.valid and each.ready)]
    return Observed(target, clocks(session), tuple(wrong), tuple(invalid))


def located(session: Session, change: Promoted) -> int:
    """The oid of the index that a create has left, whatever it is called; 0 when there is none that is valid."""
    with session.closed_path():
        found = _found(session, change, existing_indexes(session, change.index.schema, change.index.table))
    return 0 if found is None else found.oid


def _wrong(session: Session, change: Promoted, existing: Sequence[ExistingIndex]) -> str:
    schema = change.index.schema
    if change.action == "drop":
        back = any(each.name == change.name and each.index.schema == schema for each in existing)
        return f"{change.name} is there again" if back else ""
    found = _found(session, change, existing)
    if found is None:
        return f"{change.name} is not there, valid and as defined"
    if change.oid and found.oid != change.oid:
        return f"{change.name} was built anew since the record began"
    return ""


def _found(session: Session, change: Promoted, existing: Sequence[ExistingIndex]) -> ExistingIndex | None:
    """The index of that structure; of several the one of that name."""
    place = (change.index.schema, change.index.table)
    able = [
        each
        for each in existing
        if (each.index.schema, each.index.table) == place
        and each.valid
        and each.ready
        and same_definition(session, change.index, each.index)
    ]
    return min(
        able, key=lambda each: (each.name != change.name, each.oid != change.oid, each.oid), default=None
    )
