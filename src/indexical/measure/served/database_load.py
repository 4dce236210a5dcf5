"""What a database did while a load was played: its own counters and its processes' CPU time, before and after.

Sessions report their counters when they end, at most once a second while they work, and some ten seconds after they fell
idle (https://www.postgresql.org/docs/18/monitoring-stats.html). So the counters are read when they have come to rest:
the load pauses before and after, and where sessions stay open the reading waits for the last of them to report.
The measuring session's own few transactions are part of the figures.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexical.errors import DatabaseError
from indexical.measure.served.cpu import Unreadable, check_postmaster, postmaster_of, server_seconds
from indexical.model import NotMeasured
from indexical.model.served import DatabaseLoad
from indexical.pg.queries import load
from indexical.pg.session import Session

REPORTED_S = 10.5
"""An idle session has reported after ten seconds (PGSTAT_IDLE_INTERVAL)."""
_AGAIN_S = 0.3
_IO_SINCE, _IO_BYTES_SINCE, _IDLE_SINCE = 160000, 180000, 150000


@dataclass(frozen=True, slots=True)
class Counters:
    """Everything that only ever grows, at one moment."""

    database: Mapping[str, Any]
    io: Mapping[str, Any] | None
    cpu_s: float | None


class DatabaseObserver:
    """Watches one server through one session, which must be used by nobody else meanwhile."""

    def __init__(self, session: Session, *, server_pid: int = 0) -> None:
        """``server_pid`` is the postmaster's process id on this machine, where it is known better."""
        self._session = session
        self._why_no_cpu = ""
        self._postmaster = 0
        try:
            self._postmaster = check_postmaster(server_pid) if server_pid else self._find()
        except Unreadable as error:
            self._why_no_cpu = str(error)

    def cpu_seconds(self) -> float | None:
        """CPU seconds of the whole server since it began; None when they cannot be read."""
        if not self._postmaster:
            return None
        try:
            return server_seconds(self._postmaster)
        except Unreadable as error:
            self._postmaster, self._why_no_cpu = 0, str(error)
            return None

    def settled(self, cpu_s: float | None) -> Counters:
        """The counters once every session has reported; ``cpu_s`` is what :meth:`cpu_seconds` said at the moment.

        Raises:
            DatabaseError: the database refused or was lost.
        """
        if self._session.server_version >= _IDLE_SINCE:
            # What this session itself did before is not the load's.
            self._session.rows(load("measure_flush"))
        deadline = time.monotonic() + REPORTED_S + _AGAIN_S
        work, _ = self._quiet()
        while True:
            time.sleep(_AGAIN_S)
            again, unreported = self._quiet()
            # A session that goes on working is none of the load's, or never rests.
            if (again == work and not unreported) or time.monotonic() > deadline:
                break
            work = again
        return Counters(self._session.rows(load("served_counters"))[0], self._io(), cpu_s)

    def between(self, before: Counters, after: Counters) -> DatabaseLoad | NotMeasured:
        """What happened between two readings."""
        counted = {
            name: int(after.database[name] - before.database[name])
            for name, value in before.database.items()
            if name not in ("reset", "wal") and value is not None
        }
        if before.database["reset"] != after.database["reset"] or any(
            value < 0 for value in counted.values()
        ):
            return NotMeasured("database", "what the database did", "its counters were reset meanwhile")
        missing = []
        cpu_s = None
        if before.cpu_s is None or after.cpu_s is None:
            missing.append(NotMeasured("cpu", "CPU of the server", self._why_no_cpu))
        else:
            cpu_s = max(0.0, after.cpu_s - before.cpu_s)
        wal = _difference(before.database["wal"], after.database["wal"])
        if wal is None:
            missing.append(NotMeasured("wal", "WAL", "the server is a standby and writes none"))
        read = written = None
        if before.io is not None and after.io is not None:
            read = _difference(before.io["read_bytes"], after.io["read_bytes"])
            written = _difference(before.io["written_bytes"], after.io["written_bytes"])
        if read is None or written is None:
            why = (
                "PostgreSQL counts it from version 16 on" if before.io is None else "its counters were reset"
            )
            missing.append(NotMeasured("io", "bytes read from files and written", why))
        if self._session.server_version < _IDLE_SINCE:
            why = "before PostgreSQL 15 an idle session keeps back what it did last"
            missing.append(NotMeasured("late", "the last moments of sessions that stay open", why))
        return DatabaseLoad(
            cpu_s=cpu_s,
            wal_bytes=wal,
            read_bytes=read,
            written_bytes=written,
            missing=tuple(missing),
            **counted,
        )

    def _find(self) -> int:
        row = self._session.rows(load("served_backend"))[0]
        return postmaster_of(int(row["pid"]), float(row["began"]))

    def _quiet(self) -> tuple[int, int]:
        row = self._session.rows(load("served_quiet"), {"seconds": REPORTED_S})[0]
        return int(row["work"]), int(row["sessions"])

    def _io(self) -> Mapping[str, Any] | None:
        version = self._session.server_version
        if version < _IO_SINCE:
            return None
        name = "served_io" if version >= _IO_BYTES_SINCE else "served_io_before_18"
        return self._session.rows(load(name))[0]


def observer(session: Session | None, server_pid: int) -> DatabaseObserver | NotMeasured:
    """An observer of the session's server, or why there is none."""
    if session is None:
        return NotMeasured("database", "what the database did", "no database was named to watch")
    try:
        return DatabaseObserver(session, server_pid=server_pid)
    except DatabaseError as error:
        return NotMeasured("database", "what the database did", f"the database refused it: {error}")


def _difference(before: Any, after: Any) -> int | None:
    if before is None or after is None or after < before:
        return None
    return int(after - before)
