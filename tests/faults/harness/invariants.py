"""What must hold at the end of every test, whatever happened in it; each broken one is told with its number.

I1 nothing invalid of ours is left, I2 no other object differs, I3 no row differs, I4 nobody stood behind us for longer than a
second and no table was locked for all, I7 no session or lock of ours is left, I8 no secret was told. I5 (a resumed run is done)
and I6 (codes are exact) are asked by the tests themselves, with :func:`resumed_again_changes_nothing` and :func:`expect`.
"""

from __future__ import annotations

import fnmatch
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from indexical.model import Applied, Failed, NotMeasured, Outcome, Skipping, Verified
from tests.faults.harness.fingerprint import Fingerprint, Key, difference
from tests.faults.harness.places import CANARIES, InvariantBroken, Place
from tests.faults.harness.sampler import OURS

_LONGEST_WAIT_S = 1.0
_PATIENCE_S = 15.0
_KINDS = {
    "applied": Applied,
    "skipped": Skipping,
    "failed": Failed,
    "verified": Verified,
    "not-measured": NotMeasured,
}


@contextmanager
def watched(place: Place, *, patience_s: float = _PATIENCE_S) -> Iterator[Place]:
    """The place with everybody looking on; raises :class:`InvariantBroken` at the end, all that is broken in one message.

    ``patience_s`` is how long sessions of ours may take to go.
    """
    with place.sampler:
        yield place
    # A session that is ending may still hold an index that is not finished: first they go, then it is looked.
    left = list(nothing_of_ours_left(place, patience_s=patience_s))
    broken = [*changed(place, place.look()), *waited(place), *left, *secrets_told(place)]
    if broken:
        raise InvariantBroken("\n".join(broken))


def changed(place: Place, now: Fingerprint) -> Iterator[str]:
    """I1, I2 and I3."""
    before = place.base
    if not place.allowed.pending:
        yield from _invalid(before, now)
    for key, what in difference(before.objects, now.objects):
        if not _may_differ(place, key):
            yield f"I2: {key[0]} {key[1]} {what}"
    if not place.allowed.rows:
        for key, what in difference(before.rows, now.rows):
            if not place.is_allowed(key[1]):
                yield f"I3: the rows of {key[1]} {what}"


def _invalid(before: Fingerprint, now: Fingerprint) -> Iterator[str]:
    for oid, (name, kind, state) in sorted(now.indexes.items()):
        if kind == "I" or state == "t/t/t":
            # A partitioned table's index is invalid as long as a partition has none attached.
            continue
        if oid not in before.indexes:
            yield f"I1: index {name} is left behind as {state} (valid/ready/live)"
        elif before.indexes[oid][2] != state:
            yield f"I1: index {name} was {before.indexes[oid][2]} and is {state} (valid/ready/live)"


def _may_differ(place: Place, key: Key) -> bool:
    kind, name = key
    if kind == "index":
        if place.allowed.pending and name not in {old for old, _, _ in place.base.indexes.values()}:
            return True
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in place.ours):
            return True
    if kind == "inheritance":
        # Attaching a partition's index makes it a child of the parent's.
        child = name.partition(" < ")[0]
        if any(fnmatch.fnmatchcase(child, pattern) for pattern in place.ours):
            return True
    return place.is_allowed(name)


def waited(place: Place) -> Iterator[str]:
    """I4."""
    seen = place.sampler.seen
    if not seen.samples:
        yield "I4: nothing was sampled, so nobody knows"
    if place.allowed.waits:
        return
    if seen.worst_wait_s > _LONGEST_WAIT_S:
        yield f"I4: {seen.waiter or 'a session'} stood behind us for {seen.worst_wait_s:.2f} s"
    for table in sorted(seen.exclusive):
        yield f"I4: a session of ours held an AccessExclusiveLock on {table}"
    if seen.write_errors and not place.allowed.writes:
        yield f"I4: writes of the application were refused with {', '.join(sorted(seen.write_errors))}"


def nothing_of_ours_left(place: Place, *, patience_s: float) -> Iterator[str]:
    """I7."""
    if place.allowed.sessions:
        return
    deadline = time.monotonic() + patience_s
    while True:
        left = _left(place)
        if not left:
            return
        if time.monotonic() > deadline:
            yield from (f"I7: {each}" for each in left)
            return
        time.sleep(0.05)


def _left(place: Place) -> list[str]:
    left = [
        f"the thread {thread.name} still runs"
        for thread in threading.enumerate()
        if thread.name.startswith(f"{OURS}-")
    ]
    with place.cluster.open() as connection:
        sessions = connection.execute(
            "SELECT application_name, state, coalesce(wait_event, '') FROM pg_stat_activity "
            "WHERE application_name LIKE %s AND pid <> pg_backend_pid()",
            (f"{OURS}%",),
        )
        left += [
            f"the session {name!r} is left ({state} {event})" for name, state, event in sessions.fetchall()
        ]
        locks = connection.execute(
            "SELECT coalesce(a.application_name, '?') FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = %s) "
            "AND coalesce(a.application_name, '') NOT LIKE 'application%%'",
            (place.database,),
        )
        left += [f"an advisory lock is left, held by {name!r}" for (name,) in locks.fetchall()]
    return left


def secrets_told(place: Place, texts: Iterable[str] = ()) -> Iterator[str]:
    """I8."""
    for text in (*place.told, *texts):
        for canary in CANARIES:
            if canary in text:
                yield f"I8: {canary} was said: {_around(text, canary)}"
    for path in sorted(place.folder.rglob("*")):
        if not path.is_file() or any(
            fnmatch.fnmatch(path.name, pattern) for pattern in place.allowed.secrets
        ):
            continue
        content = path.read_bytes()
        for canary in CANARIES:
            if canary.encode() in content:
                where = path.relative_to(place.folder)
                yield f"I8: {canary} stands in {where}: {_around(content.decode(errors='replace'), canary)}"


def _around(text: str, canary: str) -> str:
    at = text.index(canary)
    return repr(text[max(0, at - 60) : at + len(canary) + 20])


def expect(outcome: Outcome, kind: str, code: str = "", sqlstate: str | None = None) -> None:
    """I6: what became of it, by kind, our code and the server's; never by the wording.

    ``kind`` is applied, skipped, failed, verified or not-measured. ``sqlstate`` None says that it does not matter.
    """
    assert type(outcome) is _KINDS[kind], f"I6: {outcome}"
    if not isinstance(outcome, Failed):
        assert not code, "I6: only what failed has a code"
        return
    assert outcome.code == code, f"I6: the code is {outcome.code!r}, not {code!r}: {outcome}"
    if sqlstate is not None:
        assert outcome.sqlstate == sqlstate, (
            f"I6: the SQLSTATE is {outcome.sqlstate!r}, not {sqlstate!r}: {outcome}"
        )


@contextmanager
def nothing_changes(place: Place) -> Iterator[None]:
    """For a second run, or a second resume (I5): not even an index of ours is touched in here."""
    before = place.look()
    yield
    after = place.look()
    told = difference({**before.objects, **before.rows}, {**after.objects, **after.rows})
    if told:
        raise InvariantBroken("\n".join(f"I5: {key[0]} {key[1]} {what}" for key, what in told))


def nothing_left_in(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """I7 for a session that is given back to somebody: no prepared statement, hypothetical index or temporary table in it."""
    for what, query in (
        ("prepared statements", "SELECT count(*) FROM pg_prepared_statements"),
        ("temporary tables", "SELECT count(*) FROM pg_class WHERE relpersistence = 't'"),
        (
            "advisory locks",
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        ),
    ):
        row = connection.execute(query).fetchone()
        if row is None or row[0] != 0:
            raise InvariantBroken(f"I7: {what} are left in the session")
    row = connection.execute("SELECT count(*) FROM pg_extension WHERE extname = 'hypopg'").fetchone()
    if row is not None and row[0]:
        found = connection.execute("SELECT count(*) FROM hypopg_list_indexes").fetchone()
        if found is None or found[0] != 0:
            raise InvariantBroken("I7: hypothetical indexes are left in the session")


def files_are_private(folder: Path) -> None:
    """Whatever was written is for its owner's eyes."""
    for path in sorted(folder.rglob("*")):
        loose = path.stat().st_mode & 0o077
        if loose:
            raise InvariantBroken(f"{path.name} may be read by others: {oct(path.stat().st_mode & 0o777)}")
