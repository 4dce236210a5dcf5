"""The frame of one index operation of ``migrate``: alone in its database, on a session of its own kind, with a clean end.

The turn is an advisory lock that is tried and never waited for, the same one that ``apply`` takes: a session that waits for
it would hold a snapshot, and the build by the lock's holder would wait for that. It is held by the building session itself, so
that a build whose client was killed keeps the turn until the server has ended it.
"""

from __future__ import annotations

import logging
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from types import FrameType
from typing import Any

from django.db import DatabaseError, Error

from indexical.django.failure import IndexFailed
from indexical.turns import FAMILY, NUMBER, SESSION

TERMINATED = 143
_POLL_S = 0.5
_BACK_AFTER_S = 30.0
"""How long a server that crashed is given to come back."""
_LOST_AFTER = "500ms"
"""How soon the server notices that we are gone, and ends the statement instead of carrying on for nobody."""
_HOLDER = """
SELECT l.pid, a.usename::text, a.application_name
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.classid = %s::bigint::oid AND l.objid = %s::bigint::oid AND l.granted
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
"""

log = logging.getLogger("indexical.django.operations")


class _Terminated(KeyboardInterrupt):
    """SIGTERM, in the form in which the driver cancels what runs on the server."""


@contextmanager
def alone(connection: Any, what: str, wait_seconds: float) -> Iterator[None]:
    """Holds the database's turn and the session's settings for one operation; SIGTERM ends it as Ctrl-C does, with 143.

    Raises :class:`IndexFailed` behind a connection pooler, and when another run still has the turn after ``wait_seconds``.
    """
    _refuse_pooler(connection)
    with _terminable(connection):
        take_turn(connection, what, wait_seconds)
        try:
            with settings(connection, application_name=f"{SESSION}{secrets.token_hex(4)}"):
                yield
        finally:
            with suppress(Error):  # A session that was lost has given it back already.
                _ask(connection, "SELECT pg_catalog.pg_advisory_unlock(%s::int, %s::int)", [FAMILY, NUMBER])


def take_turn(connection: Any, what: str, wait_seconds: float) -> None:
    """Tries until the turn is ours. Raises :class:`IndexFailed` when it still is not after ``wait_seconds``."""
    deadline = time.monotonic() + wait_seconds
    told = False
    while not _ask(connection, "SELECT pg_catalog.pg_try_advisory_lock(%s::int, %s::int)", [FAMILY, NUMBER])[
        0
    ]:
        holder = _ask(connection, _HOLDER, [FAMILY % 2**32, NUMBER % 2**32])
        who = (
            f"pid {holder[0]} (role {holder[1] or 'unknown'})" if holder else "a session that has just ended"
        )
        if time.monotonic() >= deadline:
            raise IndexFailed(
                f"{what} was not begun: another run changes indexes of this database, {who}; wait for it to end, then run "
                "migrate again",
                code="LOCK",
            )
        if not told:
            log.warning("%s waits for another run that changes indexes of this database: %s", what, who)
            told = True
        time.sleep(_POLL_S)


@contextmanager
def settings(connection: Any, **values: str) -> Iterator[None]:
    """The session's settings as given, and as they were at the end, however it ends.

    Raises :class:`IndexFailed` when the server does not take one.
    """
    before: dict[str, str] = {}
    for name in sorted(values):
        old = _ask(connection, "SELECT pg_catalog.current_setting(%s, true)", [name])[0]
        if old is None:
            continue  # Not known to this version of PostgreSQL.
        try:
            _ask(connection, "SELECT pg_catalog.set_config(%s, %s, false)", [name, values[name]])
        except DatabaseError:
            if name != "client_connection_check_interval":  # Some operating systems cannot tell the server.
                raise
            continue
        before[name] = str(old)
    try:
        yield
    finally:
        for name, old in before.items():
            # A connection that was lost took its settings with it.
            with suppress(Error):
                _ask(connection, "SELECT pg_catalog.set_config(%s, %s, false)", [name, old])


def unlimited(connection: Any) -> AbstractContextManager[None]:
    """No limit of the project's, which is meant for requests, ends a build; and the server notices when we are gone."""
    return settings(
        connection,
        statement_timeout="0",
        transaction_timeout="0",
        client_connection_check_interval=_LOST_AFTER,
    )


def verify_unlimited(connection: Any, what: str) -> None:
    """Raises :class:`IndexFailed` when a time limit is still on, whoever put it there."""
    for name in ("statement_timeout", "transaction_timeout"):
        value = _ask(connection, "SELECT pg_catalog.current_setting(%s, true)", [name])[0]
        if value not in (None, "", "0"):
            raise IndexFailed(
                f"{what} was not begun: {name} stays at {value} though this session set it to 0, and would end a build half-way; "
                "take that limit away for the role that migrates",
                code="FORBIDDEN",
            )


def backend(connection: Any) -> tuple[int, Any]:
    """The server process of the session, known again by pid and start."""
    row = _ask(
        connection,
        "SELECT a.pid, a.backend_start FROM pg_catalog.pg_stat_activity a WHERE a.pid = pg_catalog.pg_backend_pid()",
        [],
    )
    return int(row[0]), row[1]


def usable(connection: Any) -> bool:
    """Whether the session still has its server."""
    try:
        _ask(connection, "SELECT 1", [])
    except Error:
        return False
    return True


def connect_again(connection: Any) -> bool:
    """A new session in place of a lost one; waits for a server that is coming back. False when it does not."""
    deadline = time.monotonic() + _BACK_AFTER_S
    while True:
        with suppress(Error):
            connection.close()
            connection.ensure_connection()
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)


def _refuse_pooler(connection: Any) -> None:
    """A pooler's transaction mode shares locks and settings among its clients."""
    connection.ensure_connection()
    told = connection.connection.info.backend_pid
    real = _ask(connection, "SELECT pg_catalog.pg_backend_pid()", [])[0]
    if told != real:
        raise IndexFailed(
            f"the database {connection.alias!r} is reached through a connection pooler, where the locks and settings of a "
            "concurrent build do not hold; nothing was changed: run migrate with --database and an alias that leads to "
            "PostgreSQL itself",
            code="FORBIDDEN",
        )


@contextmanager
def _terminable(connection: Any) -> Iterator[None]:
    """SIGTERM cancels what runs on the server and lets it be cleared away, where nobody else handles it and the driver can."""
    free = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        and connection.Database.__name__ == "psycopg"
    )
    if not free:
        yield
        return
    signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    except _Terminated:
        raise SystemExit(TERMINATED) from None
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise_terminated(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _ask(connection: Any, sql: str, parameters: list[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()
