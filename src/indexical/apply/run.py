"""One concurrent statement on a session of its own: test lock, settings, look-out, and a clean end on the server.

A lock that cannot be had at once must fail before the build begins: a build that gives up in the middle leaves an invalid
index behind, a ``LOCK TABLE`` in a short transaction leaves nothing. So a short lock_timeout belongs to the test lock and a
long one to the build.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field

from indexical.apply.facts import TableFacts
from indexical.apply.watch import Watch
from indexical.ddl import qualified
from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import DdlStatement
from indexical.pg.queries import load
from indexical.pg.session import Session

_LOOK_EVERY_S = 0.25
_LOST_AFTER = "2s"
"""How soon the server notices that we are gone, and ends the build instead of carrying on for nobody."""

Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Site:
    """Where statements are run and how patient the run is."""

    open_session: Callable[[], Session]
    monitor: Session
    """Direct and otherwise idle: it holds the turn and looks at the progress."""
    report: Report
    lock_wait_ms: int = 2000
    wait_budget_s: float = 900.0
    """How long a build may wait for one lock or one other transaction."""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Backend:
    """A server process of ours, known again by pid and start."""

    pid: int
    started: str


@dataclass(slots=True)
class Attempt:
    """What became of one try, as far as our side of the connection can tell. The catalog has the last word."""

    backend: Backend = field(default_factory=lambda: Backend(0, ""))
    error: DatabaseError | None = None
    reason: str = ""
    """Why we cancelled it ourselves."""
    began: bool = False
    index_oid: int = 0


def attempt(site: Site, statement: DdlStatement, table: TableFacts, tried: Attempt) -> None:
    """Runs the statement and fills ``tried`` as it goes, so that an interrupted caller still knows whose backend it was.

    Errors of the database end up in ``tried``; an interrupt cancels the statement on the server and is raised again.
    """
    try:
        with site.open_session() as builder:
            tried.backend = Backend(builder.backend_pid, _prepare(builder, site))
            _test_lock(builder, table, site.lock_wait_ms)
            tried.began = True
            _watched(site, builder, statement, Watch(site.monitor, tried.backend.pid, table.oid), tried)
    except DatabaseError as error:
        tried.error = error


def _prepare(builder: Session, site: Site) -> str:
    """Settings for a build that takes as long as it takes; returns when the backend was started."""
    builder.set("statement_timeout", "0")
    builder.set("lock_timeout", f"{int(site.wait_budget_s * 1000)}ms")
    builder.set("application_name", f"indexical apply {site.run}".strip())
    with suppress(DatabaseError):  # Some operating systems cannot tell the server that a client is gone.
        builder.set("client_connection_check_interval", _LOST_AFTER)
    return str(builder.rows(load("apply_backend_start"))[0]["started"])


def _test_lock(builder: Session, table: TableFacts, lock_wait_ms: int) -> None:
    """Takes and gives back the lock that the build needs first. LOCK TABLE knows no materialised views."""
    if table.kind != "r":
        return
    with builder.transaction(roll_back=True):
        builder.set("lock_timeout", f"{lock_wait_ms}ms", local=True)
        builder.execute(
            f"LOCK TABLE ONLY {qualified(table.schema, table.name)} IN SHARE UPDATE EXCLUSIVE MODE"
        )


def _watched(site: Site, builder: Session, statement: DdlStatement, watch: Watch, tried: Attempt) -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="indexical-build") as pool:
        work = pool.submit(builder.execute, statement.sql)
        try:
            while not wait((work,), timeout=_LOOK_EVERY_S).done:
                _look(site, builder, watch, tried)
        except BaseException:
            # An interrupt, or a caller's on_event that raised: the server must not go on building for nobody.
            tried.index_oid = watch.index_oid
            end(site, builder, tried.backend, work)
            raise
        tried.index_oid = watch.index_oid
        work.result()


def _look(site: Site, builder: Session, watch: Watch, tried: Attempt) -> None:
    try:
        reason = watch.look()
    except DatabaseError:
        # The build itself goes on, or fails on its own connection: only the look-out is blind.
        return
    if reason and not tried.reason:
        tried.reason = reason
        with suppress(DatabaseError):
            builder.cancel()
    site.report(watch.share, watch.detail)


def end(site: Site, builder: Session, backend: Backend, work: Future[None]) -> None:
    """Ends our own statement on the server: cancelled if possible, else its backend is terminated."""
    for _ in range(3):
        with suppress(DatabaseError):
            builder.cancel()
        if wait((work,), timeout=2.0).done:
            return
    with suppress(DatabaseError), site.open_session() as other:
        other.rows(load("apply_terminate"), {"pid": backend.pid, "started": backend.started})
    wait((work,), timeout=10.0)


def reopen(open_session: Callable[[], Session], *, patience_s: float = 30.0) -> Session:
    """A new session, waiting for a server that is coming back. Raises :class:`ConnectionFailed` when it does not."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return open_session()
        except ConnectionFailed:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.5)


def answers(session: Session) -> bool:
    """Whether the session still has its server: a lost connection shows only when it is used."""
    try:
        session.rows("SELECT 1")
    except DatabaseError:
        return False
    return True


def outlived(session: Session, backend: Backend, *, patience_s: float = 10.0) -> bool:
    """Whether a backend of ours still runs after we have waited for it to end."""
    if not backend.pid:
        return False
    deadline = time.monotonic() + patience_s
    key = {"pid": backend.pid, "started": backend.started}
    while session.rows(load("apply_backend"), key):
        if time.monotonic() >= deadline:
            return True
        time.sleep(0.1)
    return False
