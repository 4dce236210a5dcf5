"""Looks on, twenty times a second, and writes beside: whoever waits on us, and whatever lock of ours nobody should see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

OURS = "indexical"
"""Every session of a run has a name that begins so; the sessions of tests have not."""

_PAUSE_S = 0.05
_UNCOUNTED = "SET pg_stat_statements.track = 'none'"
"""So many calls would be statements of the application to whoever compares windows. A server without the library takes it."""

_WAITING = """
SELECT a.pid, pg_blocking_pids(a.pid), extract(epoch FROM statement_timestamp())::float8,
       extract(epoch FROM clock_timestamp())::float8
  FROM pg_stat_activity a
 WHERE a.datname = current_database() AND a.wait_event_type = 'Lock'
"""
_NAMES = "SELECT pid, application_name FROM pg_stat_activity WHERE datname = current_database()"
_EXCLUSIVE = """
SELECT DISTINCT format('%s.%s', c.relnamespace::regnamespace, c.relname)
  FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = l.relation
 WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND a.application_name LIKE 'indexical%' AND c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
   AND c.relnamespace <> 'pg_catalog'::regnamespace
"""

Connect = Callable[[str], "psycopg.Connection[tuple[object, ...]]"]


@dataclass(slots=True)
class Seen:
    """What the sampler and the writer saw; seconds."""

    samples: int = 0
    worst_wait_s: float = 0.0
    """The longest time an application's session stood behind one of ours."""
    waiter: str = ""
    exclusive: set[str] = field(default_factory=set)
    """Tables on which a session of ours held an AccessExclusiveLock."""
    writes: int = 0
    worst_write_s: float = 0.0
    write_errors: set[str] = field(default_factory=set)
    """SQLSTATEs of the application's writes that were refused for what is in an index."""


def behind(blocked_by: dict[int, list[int]], names: dict[int, str]) -> set[int]:
    """The sessions of others that wait for us, directly or behind somebody who does."""
    ours = {pid for pid, name in names.items() if name.startswith(OURS)}
    found: set[int] = set()
    grew = True
    while grew:
        grew = False
        for pid, blockers in blocked_by.items():
            if pid not in found and any(blocker in ours or blocker in found for blocker in blockers):
                found.add(pid)
                grew = True
    return found - ours


class Sampler:
    """Two threads around one test: one samples locks, one inserts a row and takes it back."""

    def __init__(self, connect: Connect, probe: str) -> None:
        self._connect = connect
        self._probe = probe
        self.seen = Seen()
        self._stop = threading.Event()
        self._quiet = threading.Event()
        self._since: dict[int, float] = {}
        self._threads = [
            threading.Thread(target=self._watch, name="fault-sampler", daemon=True),
            threading.Thread(target=self._write, name="fault-writer", daemon=True),
        ]

    def __enter__(self) -> Sampler:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)
            assert not thread.is_alive(), "the sampler hangs"

    def quiet(self) -> None:
        """Writes no more: for a test that needs a table without any writer."""
        self._quiet.set()

    def _watch(self) -> None:
        while True:
            with suppress(psycopg.Error), self._connect("harness sampler") as connection:
                connection.execute(_UNCOUNTED)
                self._since.clear()
                # Once at least: a test may be over before anybody was there to look.
                self._sample(connection)
                while not self._stop.wait(_PAUSE_S):
                    self._sample(connection)
            # A server that a test has stopped comes back, or not.
            if self._stop.wait(_PAUSE_S):
                return

    def _sample(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        waiting = connection.execute(_WAITING).fetchall()
        self.seen.samples += 1
        for (table,) in connection.execute(_EXCLUSIVE).fetchall():
            self.seen.exclusive.add(str(table))
        if not waiting:
            self._since.clear()
            return
        names = {int(str(pid)): str(name) for pid, name in connection.execute(_NAMES).fetchall()}
        blocked = {int(str(pid)): list(blockers) for pid, blockers, *_ in waiting}  # type: ignore[call-overload]
        # From the end of the first look to the beginning of the last one, by the server's clock: how late we look is no wait.
        begun, ended = (float(str(moment)) for moment in waiting[-1][2:])
        stuck = behind(blocked, names)
        self._since = {pid: self._since.get(pid, ended) for pid in stuck}
        for pid, since in self._since.items():
            if begun - since > self.seen.worst_wait_s:
                self.seen.worst_wait_s = begun - since
                self.seen.waiter = names.get(pid, "")

    def _write(self) -> None:
        while not self._stop.is_set():
            with suppress(psycopg.Error), self._connect("application writer") as connection:
                connection.execute(_UNCOUNTED)
                connection.execute("SET lock_timeout = '5s'")
                connection.autocommit = False
                while not self._stop.is_set():
                    if not self._quiet.is_set():
                        self._write_once(connection)
                    self._stop.wait(_PAUSE_S)
            self._stop.wait(_PAUSE_S)

    def _write_once(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        begun = time.monotonic()
        try:
            connection.execute(self._probe)
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded) as error:
            self.seen.write_errors.add(error.sqlstate or "")
        except (
            psycopg.errors.LockNotAvailable,
            psycopg.errors.UndefinedTable,
            psycopg.errors.UndefinedColumn,
        ):
            # Somebody else's lock, or a test that has changed the table: neither is ours, and the sampler sees who waits on us.
            pass
        finally:
            connection.rollback()
        self.seen.writes += 1
        self.seen.worst_write_s = max(self.seen.worst_write_s, time.monotonic() - begun)
