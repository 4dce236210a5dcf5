"""The look-out beside a statement of ``migrate``: a second connection that sees who waits behind us and whom we wait for.

A request for an exclusive lock, such as ALTER TABLE's, that queues behind a concurrent build stops every reader and writer
of the table for as long as the build lasts. The look-out then cancels our statement; it never touches anybody else's.
"""

from __future__ import annotations

import copy
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from django.db import Error

_EVERY_S = 0.25
_WAITERS = """
SELECT l.pid, a.usename::text, l.mode
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'relation' AND l.relation = %s::bigint::oid AND NOT l.granted AND l.pid IS NOT NULL
   AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
   AND %s = ANY (pg_catalog.pg_blocking_pids(l.pid))
 ORDER BY 1 LIMIT 1
"""
_OBSTACLES = """
SELECT b.pid, a.usename::text, a.application_name, a.state,
       COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start), 0)::bigint
  FROM pg_catalog.pg_stat_activity me
 CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(me.pid)) AS b(pid)
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
 WHERE me.pid = %s AND me.wait_event_type = 'Lock'
 ORDER BY 1 LIMIT 1
"""
_BUILT = "SELECT p.index_relid::bigint FROM pg_catalog.pg_stat_progress_create_index p WHERE p.pid = %s"
_CANCEL = """
SELECT pg_catalog.pg_cancel_backend(a.pid) FROM pg_catalog.pg_stat_activity a
 WHERE a.pid = %s AND a.backend_start = %s
"""


class Lookout:
    """Watches one backend of ours for as long as the context lasts. ``blind`` when no second connection could be had."""

    def __init__(self, connection: Any, pid: int, started: Any, table_oid: int) -> None:
        self._settings = copy.deepcopy(connection.settings_dict)
        # One of its own: what a pool hands out may be wanted elsewhere.
        self._settings.get("OPTIONS", {}).pop("pool", None)
        self._kind, self._alias = type(connection), connection.alias
        self._pid, self._started, self._table_oid = pid, started, table_oid
        self.blind = False
        self.reason = ""
        """Why our statement was cancelled by us."""
        self.obstacle = ""
        """Whom the statement waited for when it was last looked at."""
        self.index_oid = 0
        """Of the index that is being built, once the server names it."""
        self._over = threading.Event()
        self._ready = threading.Event()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="indexical-lookout", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # From here on nothing is cancelled any more: it would be a later statement of the session's that is hit.
        with self._sending:
            self._over.set()
        self._thread.join(10.0)

    def _watch(self) -> None:
        connection = self._kind(self._settings, self._alias)
        try:
            with connection.cursor() as cursor:
                self._ready.set()
                while not self._over.wait(_EVERY_S):
                    self._look(cursor)
        except Error:
            self.blind = True
        finally:
            self._ready.set()
            with suppress(Error):
                connection.close()

    def _look(self, cursor: Any) -> None:
        cursor.execute(_BUILT, [self._pid])
        row = cursor.fetchone()
        self.index_oid = (row and row[0]) or self.index_oid
        cursor.execute(_OBSTACLES, [self._pid])
        self.obstacle = _who(cursor.fetchone()) or self.obstacle
        cursor.execute(_WAITERS, [self._table_oid, self._pid])
        waiter = cursor.fetchone()
        if waiter is None:
            return
        with self._sending:
            if not self._over.is_set():
                self.reason = (
                    f"it was given up because pid {waiter[0]} (role {waiter[1] or 'unknown'}) waited behind it for a lock "
                    "that stops everybody else"
                )
                cursor.execute(_CANCEL, [self._pid, self._started])


def _who(row: Any) -> str:
    if row is None:
        return ""
    pid, role, application, state, seconds = row
    if not pid:
        return "a prepared transaction (see pg_prepared_xacts)"
    name = f", {application}" if application else ""
    return f"pid {pid} (role {role or 'unknown'}{name}), {state or 'at work'} for {seconds} s"
