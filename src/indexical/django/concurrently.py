"""Building and dropping one index concurrently through Django's connection, and what a run that failed has left.

PostgreSQL's own words on it (https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY):
a build that fails leaves an ``INVALID`` index, which costs every write and serves no read; a drop that fails has switched
its index off. So a build that fails is cleared away, a drop that was begun is finished, and what can be neither is named and
taken up by the next ``migrate``.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.db import Error, transaction
from django.db.models import Model

from indexical.django.alone import (
    alone,
    backend,
    connect_again,
    settings,
    take_turn,
    unlimited,
    usable,
    verify_unlimited,
)
from indexical.django.failure import IndexFailed, sqlstate_of, words_for
from indexical.django.lookout import Lookout
from indexical.django.standing import (
    Place,
    Present,
    Wanted,
    qualified,
    read_place,
    read_present,
    read_workers,
    refuse_different,
    refuse_foreign,
    same,
)

LOCK_SECONDS = 5.0
WAIT_SECONDS = 900.0
_TRIES = 3
_POLL_S = 0.5
_CLEARING_SECONDS = 2.0
"""How long the removal of what was left waits for each transaction in its way: others may queue behind it."""
_GONE_AFTER_S = 10.0

log = logging.getLogger("indexical.django.operations")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for the lock on the table, and then for each transaction or run that was there before."""

    lock: float
    wait: float


@dataclass(slots=True)
class _Attempt:
    """What became of one statement, as far as this side can tell; the catalog has the last word."""

    began: bool = False
    """False while there is only the lock to wait for, which leaves nothing behind."""
    pid: int = 0
    started: Any = None
    lookout: Lookout | None = None

    @property
    def reason(self) -> str:
        return self.lookout.reason if self.lookout else ""

    @property
    def obstacle(self) -> str:
        return self.lookout.obstacle if self.lookout else ""

    @property
    def index_oid(self) -> int:
        return self.lookout.index_oid if self.lookout else 0


def build(editor: Any, model: type[Model], index: Wanted, patience: Patience) -> None:
    """Build the index, adopt it when it is there, or build it anew when it is ``INVALID``.

    Raises :class:`IndexFailed` when the name means something else, when somebody stands in the way for too long, and when
    PostgreSQL refuses it.
    """
    with _told(editor, f"index {index.name}"), alone(editor.connection, f"index {index.name}", patience.wait):
        place = read_place(editor, model)
        present = _settled(editor, place, index.name, patience)
        if present is not None:
            refuse_foreign(present, place, index.name)
            refuse_different(editor, index, place, present)
            if present.valid:
                log.warning("%s is there as defined: adopted, not built again", index.name)
                return
            _refuse_partitioned(editor, place, index)
            log.warning("%s was left INVALID by a build that did not reach its end: built anew", index.name)
            _drop(editor, place, index.name, patience)
        _refuse_partitioned(editor, place, index)
        _build(editor, place, index, patience)
        _analyze(editor, place, index.name, patience)


def remove(editor: Any, model: type[Model], name: str, patience: Patience) -> None:
    """Drop the index of that name on the model's table; nothing when there is none.

    Raises :class:`IndexFailed` when the name means something else, and when the drop does not reach its end.
    """
    with _told(editor, f"index {name}"), alone(editor.connection, f"index {name}", patience.wait):
        place = read_place(editor, model)
        present = _settled(editor, place, name, patience)
        if present is None:
            log.warning("%s is gone already: nothing to remove", name)
            return
        refuse_foreign(present, place, name)
        _refuse_partitioned(editor, place, None)
        _drop(editor, place, name, patience)


def _settled(editor: Any, place: Place, name: str, patience: Patience) -> Present | None:
    """What bears the name, once nobody is at work on the table's indexes: a build under way looks like one that failed.

    The server carries on for a moment with what a killed client began, and may bring it to its end.
    """
    deadline = time.monotonic() + patience.wait
    told = False
    while workers := read_workers(editor, place):
        if time.monotonic() >= deadline:
            raise IndexFailed(
                f"{name} was not touched: an index of {place.schema}.{place.table} is being built or dropped by {workers[0]}; "
                "run migrate again when that has ended",
                code="LOCK",
            )
        if not told:
            log.warning("%s waits for %s, at work on an index of the table", name, ", ".join(workers))
            told = True
        time.sleep(_POLL_S)
    return read_present(editor, place, name)


def _refuse_partitioned(editor: Any, place: Place, index: Wanted | None) -> None:
    if not place.partitioned:
        return
    table = qualified(editor, place.schema, place.table)
    if index is None:
        raise IndexFailed(
            f"{table} is partitioned, and PostgreSQL drops no index of a partitioned table concurrently; nothing was changed. "
            "Drop it with DROP INDEX at a quiet time, then run migrate again",
            code="NOT_CONCURRENT",
        )
    raise IndexFailed(
        f"{table} is partitioned, and PostgreSQL builds no index on a partitioned table concurrently; nothing was changed. "
        f"Make {index.name} with {index.create(f'ONLY {table}', False)}; build the same CONCURRENTLY on each partition and "
        f"attach it (ALTER INDEX {index.name} ATTACH PARTITION ...); then run migrate again, which adopts it",
        code="NOT_CONCURRENT",
    )


def _build(editor: Any, place: Place, index: Wanted, patience: Patience) -> None:
    sql = index.create(qualified(editor, place.schema, place.table), True)
    for tries_left in reversed(range(_TRIES)):
        tried = _Attempt()
        try:
            _run(editor, place, sql, patience, tried)
        except Error as error:
            lost = not usable(editor.connection)
            left = _clear_up(editor, place, index, tried, sqlstate_of(error), lost=lost)
            if tries_left and not left and sqlstate_of(error) == "40P01":
                time.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - only to part two that collided
                continue
            raise _failed(
                f"{place.schema}.{index.name} was not built", error, tried, left, lost=lost
            ) from None
        except BaseException:
            # Interrupted: the driver has cancelled it on the server, and what it left costs every write.
            _clear_up(editor, place, index, tried, "", lost=not usable(editor.connection))
            raise
        return


def _clear_up(editor: Any, place: Place, index: Wanted, tried: _Attempt, state: str, *, lost: bool) -> str:
    """After a failed build: takes away what it left. Says what is still there, and nothing when nothing is."""
    if not tried.began or state == "42P07":  # The name went to somebody else.
        return ""
    later = "the next migrate sees to what is left"
    if lost and not connect_again(editor.connection):
        return f"the server did not come back, so what is left is not known; {later}"
    try:
        if lost:
            take_turn(editor.connection, index.name, _GONE_AFTER_S)
        if not _ended(editor, tried):
            return f"our backend {tried.pid} is still at work; {later}"
        present = read_present(editor, place, index.name)
        if present is None or present.valid:
            return ""
        if not _ours(editor, place, index, tried, present) or read_workers(editor, place):
            return (
                f"an INVALID index bears its name that is not known to be ours, and was left alone; {later}"
            )
        _drop(editor, place, index.name, Patience(_CLEARING_SECONDS, _CLEARING_SECONDS))
    except (Error, IndexFailed):
        who = f", for {tried.obstacle} stands in the way" if tried.obstacle else ""
        return f"the INVALID index that it left is still there{who}; {later}"
    return ""


def _ours(editor: Any, place: Place, index: Wanted, tried: _Attempt, present: Present) -> bool:
    if tried.index_oid:
        return present.oid == tried.index_oid
    return same(editor, index, place, present)


def _ended(editor: Any, tried: _Attempt) -> bool:
    """Waits until the lost session's backend has ended."""
    deadline = time.monotonic() + _GONE_AFTER_S
    while backend(editor.connection) != (tried.pid, tried.started):
        with editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_catalog.pg_stat_activity a WHERE a.pid = %s AND a.backend_start = %s",
                [tried.pid, tried.started],
            )
            if cursor.fetchone() is None:
                break
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.1)
    return True


def _drop(editor: Any, place: Place, name: str, patience: Patience) -> None:
    """``DROP INDEX CONCURRENTLY`` switches the index off in its first instant, so what was begun is finished."""
    for tries_left in reversed(range(_TRIES)):
        tried = _Attempt()
        try:
            _run(
                editor,
                place,
                f"DROP INDEX CONCURRENTLY {qualified(editor, place.schema, name)}",
                patience,
                tried,
            )
        except Error as error:
            lost = not usable(editor.connection)
            if lost and not connect_again(editor.connection):
                raise _failed(f"{place.schema}.{name} was not dropped", error, tried, "", lost=True) from None
            if lost:
                take_turn(editor.connection, name, _GONE_AFTER_S)
            _ended(editor, tried)
            present = read_present(editor, place, name)
            if present is None:
                return
            again = tried.began and (tried.reason or lost or sqlstate_of(error) == "40P01")
            if tries_left and again:
                time.sleep(_POLL_S)
                continue
            left = (
                "it is as it was"
                if present.valid
                else "it is switched off and still there; migrate again finishes it"
            )
            raise _failed(f"{place.schema}.{name} was not dropped", error, tried, left, lost=lost) from None
        return


def _failed(what: str, error: Error, tried: _Attempt, left: str, *, lost: bool) -> IndexFailed:
    code, words, remedy = words_for(error, lost=lost)
    if tried.reason:
        code, words, remedy = "GIVEN_UP", tried.reason, "run migrate again"
    elif code == "LOCK" and tried.obstacle:
        words = f"{words}: {tried.obstacle}"
    state = sqlstate_of(error)
    known = f" ({code}{f', SQLSTATE {state}' if state else ''})"
    rest = left or "nothing was left behind"
    if "INVALID" in left or "switched off" in left:
        code = "CLEANUP_PENDING"
    return IndexFailed(f"{what}: {words}{known}; {rest}; {remedy}", code=code, sqlstate=state)


def _analyze(editor: Any, place: Place, name: str, patience: Patience) -> None:
    """The planner knows nothing of an expression's values before the table is analysed."""
    present = read_present(editor, place, name)
    if present is None or not present.expressions:
        return
    limits = settings(editor.connection, lock_timeout=_milliseconds(patience.lock))
    try:
        with unlimited(editor.connection), limits, editor.connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {qualified(editor, place.schema, place.table)}")
    except Error as error:
        log.warning(
            "%s is built, but %s could not be analysed (SQLSTATE %s): the planner knows nothing of its values until ANALYZE runs",
            name, place.table, sqlstate_of(error),
        )  # fmt: skip


def _run(editor: Any, place: Place, sql: str, patience: Patience, tried: _Attempt) -> None:
    """First the lock for a moment, which leaves nothing behind when it cannot be had; then the statement."""
    connection = editor.connection
    table = qualified(editor, place.schema, place.table)
    with unlimited(connection), settings(connection, lock_timeout=_milliseconds(patience.lock)):
        verify_unlimited(connection, place.table)
        tried.pid, tried.started = backend(connection)
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        lookout = Lookout(connection, tried.pid, tried.started, place.oid)
        with settings(connection, lock_timeout=_milliseconds(patience.wait)), lookout:
            tried.lookout = lookout
            if lookout.blind:
                log.warning(
                    "no second connection to %r could be had: nobody watches for sessions that queue behind %s",
                    connection.alias,
                    place.table,
                )
            tried.began = True
            editor.execute(sql, params=None)


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


@contextmanager
def _told(editor: Any, what: str) -> Iterator[None]:
    """Errors of the database that no step expects, as one line."""
    try:
        yield
    except Error as error:
        lost = True
        with suppress(Error):
            lost = not usable(editor.connection)
        code, words, remedy = words_for(error, lost=lost)
        state = sqlstate_of(error)
        known = f"{code}{f', SQLSTATE {state}' if state else ''}"
        raise IndexFailed(f"{what}: {words} ({known}); {remedy}", code=code, sqlstate=state) from None
