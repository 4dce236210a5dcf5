"""The look-out beside a build: how far it is, and whether it now harms somebody and has to be given up.

A lock request that queues behind a concurrent build, such as ALTER TABLE's, stops every reader of the table while it waits.
The look-out then says that the build, which is ours, has to go; it never touches another session.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from indexical.apply.blockers import Blocker, blockers, printable, told
from indexical.apply.progress import progress
from indexical.apply.volumes import serves_from_here
from indexical.errors import DatabaseError
from indexical.pg.queries import load
from indexical.pg.session import Session

_SYNC = "SyncRep"
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """From when on the look-out gives a build up."""

    wait_s: float
    """For what it waits for in one phase, all in all."""
    lag_bytes: int = 0
    """For a streaming replica's lag; 0 does not look."""
    disk_bytes: int = 0
    """For the free space of a disk of the server, or a fiftieth of it when that is less; 0 does not look."""


class Watch:
    """Watches one backend of ours through another session."""

    def __init__(self, session: Session, pid: int, table_oid: int, patience: Patience) -> None:
        self.session = session
        self._pid = pid
        self._table_oid = table_oid
        self._patience = patience
        self._disks = _disks(session) if patience.disk_bytes else ()
        self._waits_for = ""
        self._since = 0.0
        self._phase = ""
        self.index_oid = 0
        """Of the index being built, once the progress report has named it."""
        self.share = 0.0
        self.detail = ""
        self.blockers: tuple[Blocker, ...] = ()
        """Whom it waited for when we last looked."""
        self.standby_silent = False
        """It waits for a synchronous standby: to cancel it would only skip that wait."""

    def look(self) -> str:
        """Refreshes what is known; returns why the build has to be given up, or nothing. Raises :class:`DatabaseError`."""
        self._phase = ""
        for row in self.session.rows(load("apply_progress"), {"pid": self._pid}):
            share, self.detail = progress(row)
            self._phase = str(row["phase"])
            self.share = max(self.share, share)
            self.index_oid = row["index_oid"] or self.index_oid
        return self._harms() or self._waits() or self._lags() or self._fills()

    def _harms(self) -> str:
        waiters = self.session.rows(load("apply_waiters"), {"pid": self._pid, "table": self._table_oid})
        if not waiters:
            return ""
        first = waiters[0]
        return (
            f"it was given up because pid {first['pid']} (role {first['role'] or 'unknown'}) waited behind it for a lock "
            "that stops everybody else"
        )

    def _waits(self) -> str:
        """Why it has waited for too long; a build waits anew in each of its phases."""
        rows = self.session.rows(load("apply_look"), {"pid": self._pid})
        self.standby_silent = bool(rows) and rows[0]["wait_event"] == _SYNC
        waits = bool(rows) and (rows[0]["waits"] or self.standby_silent)
        self.blockers = blockers(self.session, self._pid) if waits and not self.standby_silent else ()
        if not waits:
            self._waits_for = ""
            return ""
        whom = "for a synchronous standby to confirm" if self.standby_silent else f"for {told(self.blockers)}"
        self.detail = f"{self._phase or 'waiting'}, {whom}" if self.blockers else whom
        now = _SYNC if self.standby_silent else self._phase or "waiting"
        if now != self._waits_for:
            self._waits_for, self._since = now, time.monotonic()
        waited = time.monotonic() - self._since
        if waited < self._patience.wait_s:
            return ""
        return f"it was given up after waiting {waited:.0f} s {whom}"

    def _lags(self) -> str:
        if not self._patience.lag_bytes:
            return ""
        for row in self.session.rows(load("apply_lag")):
            if row["bytes"] > self._patience.lag_bytes:
                return (
                    f"it was given up because the replica '{printable(row['replica'])}' is {row['bytes'] / _MEGABYTE:,.0f} MB "
                    "behind"
                )
        return ""

    def _fills(self) -> str:
        for path in self._disks:
            with suppress(OSError):
                found = os.statvfs(path)
                free = found.f_bavail * found.f_frsize
                if free < min(self._patience.disk_bytes, found.f_blocks * found.f_frsize // 50):
                    return f"it was given up because a disk of the server has only {free / _MEGABYTE:,.0f} MB to spare"
        return ""


def _disks(session: Session) -> Sequence[str]:
    """Folders of a server on this machine that a build fills; none when they cannot be seen from here."""
    try:
        if not serves_from_here(session):
            return ()
        row = session.rows(load("apply_disks"))[0]
    except DatabaseError:
        return ()
    places = (row["data"], os.path.join(row["data"], "pg_wal"), row["tablespace"])
    return tuple(path for path in places if path and os.path.isdir(path))
