"""One concurrent statement on a session of its own: test lock, settings, look-out, and a clean end on the server.

A lock that cannot be had at once must fail before the build begins: a build that gives up in the middle leaves an invalid
index behind, a ``LOCK TABLE`` in a short transaction leaves nothing. So a short lock_timeout belongs to the test lock and a
long one to the build.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field

from indexical.apply.blockers import AGAINST_BUILD, Blocker, lockers
from indexical.apply.facts import TableFacts
from indexical.apply.watch import Patience, Watch
from indexical.ddl import qualified
from indexical.errors import ConnectionFailed, DatabaseError, NoAnswer, PreflightRefused
from indexical.model import DdlStatement
from indexical.model.run import Backend
from indexical.pg.definition import building_words
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.turns import SESSION

_LOOK_EVERY_S = 0.25
_CANCEL_S = 2.0
"""How long a cancelled statement has to end before its backend is ended."""
_END_S = 10.0
_GRACE_S = 2.0
_LOST_AFTER = "500ms"
"""How soon the server notices that we are gone, and ends the build instead of carrying on for nobody."""

Report = Callable[[float, str], None]


def _unrecorded(event: str, **details: object) -> None:
    """For runs without a journal."""


def _trusted(session: Session) -> bool:
    """For runs that have no identity to compare with."""
    return True


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
    record: Callable[..., None] = _unrecorded
    """``record(event, **details)`` writes into the journal of the step that runs: ``backend``, ``index``, ``pending``."""
    same_target: Callable[[Session], bool] = _trusted
    """Whether a new session reaches the server and database that the run began on; asked before anything is cleaned."""
    left: frozenset[int] = frozenset()
    """Oids of invalid indexes that an earlier run of ours has left, as its journal says: only those are taken away first."""
    lag_limit_bytes: int = 1024**3
    """A streaming replica further behind than this ends the build; 0 asks for none."""
    disk_floor_bytes: int = 256 * 1024**2
    """A disk of the server with less than this to spare ends the build, where the disk can be seen from here."""
    cleanup_wait_s: float = 10.0
    """How long the removal of what a build left waits for somebody in its way."""
    back_within_s: float = 30.0
    """How long a server that went away may take to come back."""


@dataclass(slots=True)
class Attempt:
    """What became of one try, as far as our side of the connection can tell. The catalog has the last word."""

    backend: Backend = field(default_factory=lambda: Backend(0, ""))
    error: DatabaseError | None = None
    reason: str = ""
    """Why we gave it up ourselves."""
    began: bool = False
    index_oid: int = 0
    blocked: tuple[Blocker, ...] = ()
    """Who was in its way when we last looked."""
    warned: bool = False
    """The server has warned of something, such as a table that it skipped."""


def attempt(site: Site, statement: DdlStatement, table: TableFacts, tried: Attempt) -> None:
    """Runs the statement and fills ``tried`` as it goes, so that an interrupted caller still knows whose backend it was.

    Errors of the database end up in ``tried``; an interrupt cancels the statement on the server and is raised again.
    """
    try:
        with site.open_session() as builder:
            tried.backend = Backend(builder.backend_pid, prepare(site, builder))
            try:
                _test_lock(builder, table, site.lock_wait_ms)
            except DatabaseError:
                with suppress(DatabaseError):
                    tried.blocked = lockers(site.monitor, table.oid, AGAINST_BUILD)
                raise
            site.record("backend", pid=tried.backend.pid, started=tried.backend.started)
            patience = Patience(site.wait_budget_s, site.lag_limit_bytes, site.disk_floor_bytes)
            watch = Watch(site.monitor, tried.backend.pid, table.oid, patience)
            tried.began = True
            _watched(site, builder, statement, watch, tried)
            tried.warned = bool(builder.warnings)
    except DatabaseError as error:
        tried.error = error


def prepare(site: Site, builder: Session) -> str:
    """Settings for a statement that takes as long as it takes; returns when the backend was started.

    What the role or the database has set for statements of the application does not fit a build. Raises
    :class:`PreflightRefused` when the session does not keep what it is told, as behind a pooler.
    """
    ours = {
        "application_name": f"{SESSION}{site.run}",
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        # A moment more than the look-out grants, which can say whom it waited for.
        "lock_timeout": f"{int((site.wait_budget_s + _GRACE_S) * 1000)}ms",
        # A snapshot that lasts as long as its transaction would make the build wait for itself.
        "default_transaction_isolation": "read committed",
    }
    if builder.server_version >= 170000:
        ours["transaction_timeout"] = "0"
    for name, value in ours.items():
        builder.set(name, value)
    with suppress(DatabaseError):  # Some operating systems cannot tell the server that a client is gone.
        builder.set("client_connection_check_interval", _LOST_AFTER)
    for name in ("statement_timeout", "transaction_timeout"):
        if name in ours and builder.rows(f"SHOW {name}")[0][name] != "0":
            raise PreflightRefused(
                f"{name} is not what this session was told: it is shared, or somebody else sets it; connect to the server itself"
            )
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
    lookout = _Lookout(site, builder, watch, tried)
    # Made here: an interrupt that comes while the work is being handed over has to know it as well.
    work: Future[None] = Future()

    def execute() -> None:
        if not work.set_running_or_notify_cancel():
            return
        try:
            builder.execute(statement.sql)
        except BaseException as error:  # noqa: BLE001 - it is raised again by whoever asks for the result
            work.set_exception(error)
        else:
            work.set_result(None)

    with _words(builder, statement), ThreadPoolExecutor(1, thread_name_prefix="indexical-build") as pool:
        try:
            pool.submit(execute)
            while not wait((work,), timeout=_LOOK_EVERY_S).done:
                lookout.look()
        except BaseException:
            # An interrupt, or a caller's on_event that raised: the server must not go on building for nobody.
            tried.index_oid = watch.index_oid
            end(site, builder, tried.backend, work)
            raise
        finally:
            lookout.close()
        tried.index_oid = watch.index_oid
        work.result()


def _words(builder: Session, statement: DdlStatement) -> AbstractContextManager[None]:
    if statement.action == "drop" or statement.index is None:
        return nullcontext()
    return building_words(builder, statement.index)


class _Lookout:
    """What our side does about what the watch sees."""

    def __init__(self, site: Site, builder: Session, watch: Watch, tried: Attempt) -> None:
        self._site = site
        self._builder = builder
        self._watch = watch
        self._tried = tried
        self._gave_up = 0.0
        self._ended = False
        self._own: Session | None = None

    def look(self) -> None:
        watch, tried = self._watch, self._tried
        known = watch.index_oid
        try:
            reason = watch.look()
        except NoAnswer:
            # The network has frozen: nothing reaches the server, and nothing tells us what it does.
            self._builder.abandon()
            return
        except DatabaseError:
            self._look_through_another()
            return
        if watch.index_oid != known:
            tried.index_oid = watch.index_oid
            self._site.record("index", oid=watch.index_oid)
        tried.blocked = watch.blockers or tried.blocked
        if reason and not tried.reason:
            tried.reason = reason
            self._give_up()
        elif tried.reason and not self._ended and time.monotonic() - self._gave_up > _CANCEL_S:
            self._end()
        self._site.report(watch.share, watch.detail)

    def close(self) -> None:
        if self._own is not None:
            self._own.close()

    def _give_up(self) -> None:
        self._gave_up = time.monotonic()
        if self._watch.standby_silent:
            # Cancelling would skip this one wait and come to the next.
            self._end()
            return
        with suppress(DatabaseError):
            self._builder.cancel()

    def _end(self) -> None:
        self._ended = True
        terminate(self._site, self._tried.backend)

    def _look_through_another(self) -> None:
        """The build itself goes on, or fails on its own connection; only the look-out has to find a new place."""
        if self._watch.session.closed:
            with suppress(DatabaseError):
                self.close()
                self._own = self._site.open_session()
                self._watch.session = self._own


def end(site: Site, builder: Session, backend: Backend, work: Future[None]) -> None:
    """Ends our own statement on the server: cancelled if that helps at once, else its backend is terminated."""
    if work.cancel():
        return  # It has not been sent, and will not be.
    with suppress(DatabaseError):
        builder.cancel()
    if wait((work,), timeout=_CANCEL_S).done:
        return
    terminate(site, backend)
    if not wait((work,), timeout=_END_S).done:
        builder.abandon()
        wait((work,), timeout=_CANCEL_S)


def terminate(site: Site, backend: Backend) -> None:
    """Ends a backend of ours; that it cannot be reached any more shows elsewhere."""
    with suppress(DatabaseError), site.open_session() as other:
        other.rows(load("apply_terminate"), {"pid": backend.pid, "started": backend.started})


def cleaner(site: Site) -> Session:
    """A session for putting things in order, when the server answers again.

    It does not wait for synchronous standbys: a missing one would keep it from taking away what a build has left. Raises
    :class:`ConnectionFailed` when the server does not come back.
    """
    session = reopen(site.open_session, patience_s=site.back_within_s)
    try:
        prepare(site, session)
        session.set("synchronous_commit", "local")
    except BaseException:
        session.close()
        raise
    return session


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
