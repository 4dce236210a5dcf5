"""Rows 1-8, 26, 28, 29, 31, 32, 50 of the plan: a build ended from outside in each of its phases, and what it must not leave."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from indexical.apply import creation, leftover, run
from indexical.apply.build import create_statement
from indexical.apply.leftover import Settled
from indexical.errors import DatabaseError
from indexical.model import Index, Key
from indexical.pg.session import connect
from tests.faults.harness import (
    apply_here,
    at_phase,
    build_in_thread,
    expect,
    hold,
    let_go,
    slow_index,
    waits_until,
)

NAME = "orders_new_idx"
USER = Index("public", "orders", (Key.asc("user_id"),))
UNIQUE = Index("public", "orders", (Key.asc("id"), Key.asc("user_id")), unique=True)
HOLDS = {"before build": "writer", "before validation": "writer", "old snapshots": "snapshot"}
PHASES = ("before build", "building", "before validation", "old snapshots")


@contextmanager
def stopped_at(place, phase, index=USER):
    """A build of ours that stands in the phase; yields it with its backend and with who holds it up, if anybody does."""
    with ExitStack() as stack:
        if phase == "before build":
            held = stack.enter_context(hold(place, "writer"))
            build = build_in_thread(place, create_statement(NAME, index))
            yield build, at_phase(place, phase), held
            return
        slow = slow_index(place, 60)
        if phase == "building":
            build = build_in_thread(place, create_statement(NAME, slow))
            yield build, at_phase(place, phase), None
            return
        # The build sleeps at its first row until the one who is to stand in the way stands there.
        slowed = Index("public", "orders", (*slow.keys, *index.keys), unique=index.unique)
        build = build_in_thread(place, create_statement(NAME, slowed))
        at_phase(place, "building")
        held = stack.enter_context(hold(place, HOLDS[phase]))
        stack.enter_context(let_go(place.url))
        yield build, at_phase(place, phase), held


@contextmanager
def going_on_after(place, seconds):
    """Slow builds are let go some seconds after this has begun, and until it ends."""
    end = threading.Event()

    def lets_go():
        end.wait(seconds)
        with let_go(place.url):
            end.wait()

    thread = threading.Thread(target=lets_go, name="fault-letting-go", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def gone(place, seconds):
    waits_until(lambda: place.index_state(NAME) == "", seconds, what="the index's removal")


@pytest.mark.parametrize(
    "phase",
    [
        pytest.param(phase, marks=pytest.mark.fault(row, f"cancel: {phase}"))
        for row, phase in enumerate(PHASES, 1)
    ],
)
def test_a_cancelled_build_leaves_nothing(place, phase):
    with stopped_at(place, phase) as (build, pid, held):
        place.value(f"SELECT pg_cancel_backend({pid})")
        if held is not None:
            assert place.index_state(NAME) != "t/t/t"
            held.release()
        (outcome,) = build.result()
    expect(outcome, "failed", "CANCELLED", "57014")
    assert place.index_state(NAME) == ""


@pytest.mark.parametrize(
    "phase",
    [
        pytest.param(phase, marks=pytest.mark.fault(row, f"terminate: {phase}"))
        for row, phase in enumerate(PHASES, 5)
    ],
)
def test_a_terminated_build_leaves_nothing(place, phase):
    with stopped_at(place, phase) as (build, pid, held):
        place.value(f"SELECT pg_terminate_backend({pid})")
        if held is not None:
            held.release()
        (outcome,) = build.result()
    expect(outcome, "failed", "TERMINATED", "57P01")
    assert place.index_state(NAME) == ""


@pytest.mark.guard(1, 2, 3, 4, 5, 6, 7, 8)
@pytest.mark.parametrize("way", ["pg_cancel_backend", "pg_terminate_backend"])
def test_without_the_look_afterwards_something_is_left(place, monkeypatch, way):
    monkeypatch.setattr(creation, "settle", lambda *_: Settled("absent"))
    with stopped_at(place, "building") as (build, pid, _):
        place.value(f"SELECT {way}({pid})")
        build.result()
    with pytest.raises(AssertionError):
        gone(place, 1)
    place.run(f"DROP INDEX {NAME}")


@pytest.mark.fault(26, "somebody else's build looks like a leftover")
def test_a_build_of_somebody_else_is_not_taken_for_a_leftover(place):
    theirs = slow_index(place, 60)
    place.expect_change("theirs_idx", NAME)
    with (
        place.open(name="application building") as other,
        ThreadedStatement(
            other, f"CREATE INDEX CONCURRENTLY theirs_idx ON orders ({theirs.keys[0].expression})"
        ) as statement,
    ):
        at_phase(place, "building", ours="application building")
        (outcome,) = apply_here(place, create_statement("theirs_idx", theirs))
        expect(outcome, "failed", "NAME_TAKEN")
        with let_go(place.url):
            statement.result(60)
    assert place.index_state("theirs_idx") == "t/t/t"


@pytest.mark.guard(26)
def test_a_removal_that_does_not_look_for_builders_harms_theirs(place, monkeypatch):
    monkeypatch.setattr(leftover, "_builders", lambda *_: ())
    monkeypatch.setattr(leftover, "_REMOVAL_LOCK_TIMEOUT", "0")
    place.allow(waits=True, pending="the guard was taken out")
    with pytest.raises((AssertionError, DatabaseError)):
        _removal_beside_a_build(place)


@pytest.mark.fault(26, "somebody else's build looks like a leftover")
def test_a_removal_waits_for_a_build_and_lets_it_succeed(place):
    _removal_beside_a_build(place)


def _removal_beside_a_build(place):
    """Takes away an invalid index of ours while somebody builds another one on the same table."""
    place.expect_change(NAME, "theirs_idx")
    slow = slow_index(place, 60)
    place.run("ALTER TABLE orders SET (autovacuum_enabled = off)")
    with place.open(name="application") as other, pytest.raises(DatabaseError):
        other.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON orders (user_id)")
    with (
        place.open(name="application building") as other,
        ThreadedStatement(
            other, f"CREATE INDEX CONCURRENTLY theirs_idx ON orders ({slow.keys[0].expression})"
        ) as statement,
    ):
        at_phase(place, "building", ours="application building")
        with place.open_ours() as monitor:
            site = run.Site(place.open_ours, monitor, lambda *_: None, cleanup_wait_s=60, run="test")
            left = leftover.named(monitor, "public", NAME)
            assert left is not None
            # Later than a server looks for a deadlock: of a removal that waits on the table, theirs has to be the one that loses.
            with run.cleaner(site) as session, going_on_after(place, 2.5):
                begun = time.monotonic()
                settled = leftover.take_away(site, session, left)
                waited = time.monotonic() - begun
                statement.result(60)
    assert settled.kind == "removed"
    assert place.index_state("theirs_idx") == "t/t/t"
    assert waited > 2, "it did not wait for the other build"


class ThreadedStatement:
    """A statement of somebody else, under way in a thread."""

    def __init__(self, session, sql):
        self._pool = ThreadPoolExecutor(1)
        self._work = self._pool.submit(session.execute, sql)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._pool.shutdown(wait=True)

    def result(self, seconds):
        return self._work.result(seconds)


@pytest.mark.fault(28, "a deadlock with another build all the same")
def test_a_build_that_loses_a_deadlock_is_begun_again_and_ends_valid(place):
    outcome = _deadlocked(place)
    expect(outcome, "applied")
    assert place.index_state(NAME) == "t/t/t"


@pytest.mark.guard(28)
def test_without_another_try_a_deadlock_is_the_end(place, monkeypatch):
    monkeypatch.setattr(creation, "_RETRIES", {})
    with pytest.raises(AssertionError):
        expect(_deadlocked(place), "applied")


def _deadlocked(place):
    """A session that waits for our build's table lock with a snapshot that our build waits for: we are the ones to lose."""
    place.allow(waits=True)  # Only the one who deadlocks with us waits.
    build = build_in_thread(place, create_statement(NAME, slow_index(place, 60)))
    at_phase(place, "building")
    with place.open(name="application snapshot") as other:
        pid = other.backend_pid
        other.set("deadlock_timeout", "60s")
        other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        other.rows("SELECT 1 FROM pg_class LIMIT 1")
        with ThreadedStatement(other, "LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE") as locking:
            waits_until(lambda: place.rows(f"SELECT 1 FROM pg_locks WHERE pid = {pid} AND NOT granted"))
            with let_go(place.url):
                locking.result(60)
                other.execute("ROLLBACK")
                return build.result()[0]


@pytest.mark.fault(29, "statement_timeout set on the role")
def test_a_time_limit_of_the_role_does_not_end_a_build(place):
    _limited(place)
    (outcome,) = _as_hasty(place)
    expect(outcome, "applied")


@pytest.mark.guard(29)
def test_without_its_own_settings_the_roles_limit_ends_the_build(place, monkeypatch):
    _limited(place)
    monkeypatch.setattr(
        run, "prepare", lambda _site, builder: builder.rows("SELECT now()::text AS t")[0]["t"]
    )
    with pytest.raises(AssertionError):
        expect(_as_hasty(place)[0], "applied")


_LIMIT = "2s"
"""Less than the build takes, and more than any look at the catalog."""


def _limited(place):
    place.allow(catalog={"*"})
    place.run(
        "DO $$ BEGIN CREATE ROLE hasty LOGIN SUPERUSER; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        f"ALTER ROLE hasty SET statement_timeout = '{_LIMIT}'",
    )
    if place.cluster.major >= 17:
        place.run(f"ALTER ROLE hasty SET transaction_timeout = '{_LIMIT}'")


def _as_hasty(place):
    def opened():
        session = connect(place.url_as("hasty"), read_only=False)
        session.set("statement_timeout", _LIMIT)
        return session

    build = build_in_thread(place, create_statement(NAME, slow_index(place, 60)), open_session=opened)
    at_phase(place, "building")
    with going_on_after(place, 3):
        return build.result()


@pytest.mark.fault(31, "duplicates under a unique index")
def test_duplicates_are_counted_before_a_unique_build_is_begun(place):
    index = Index("public", "orders", (Key.asc("user_id"),), unique=True)
    (outcome,) = apply_here(place, create_statement(NAME, index))
    expect(outcome, "failed", "DUPLICATES", "")
    assert "500 keys are shared by 20000 rows" in outcome.error


@pytest.mark.fault(31, "duplicates under a unique index")
def test_duplicates_that_were_not_counted_leave_nothing_and_no_value_is_told(place, monkeypatch):
    monkeypatch.setattr(creation, "duplicates", lambda *_: "")
    index = Index("public", "orders", (Key(expression="left(note, 15)"),), unique=True)
    (outcome,) = apply_here(place, create_statement(NAME, index))
    expect(outcome, "failed", "DUPLICATES", "23505")


@pytest.mark.guard(31)
def test_without_the_look_afterwards_a_failed_unique_index_stays(place, monkeypatch):
    monkeypatch.setattr(creation, "duplicates", lambda *_: "")
    monkeypatch.setattr(creation, "settle", lambda *_: Settled("absent"))
    apply_here(place, create_statement(NAME, Index("public", "orders", (Key.asc("user_id"),), unique=True)))
    with pytest.raises(AssertionError):
        gone(place, 0.5)
    place.run(f"DROP INDEX {NAME}")


def _a_duplicate_arrives(place, monkeypatch):
    """A unique build that is cancelled in its last wait: until it is removed the index refuses the application's rows."""
    place.allow(rows=True, writes=True)
    # To count them would sleep at the first row as well.
    monkeypatch.setattr(creation, "duplicates", lambda *_: "")
    with stopped_at(place, "old snapshots", UNIQUE) as (build, pid, held):
        assert place.index_state(NAME) == "f/t/t"
        place.value(f"SELECT pg_cancel_backend({pid})")
        held.release()
        (outcome,) = build.result()
    return outcome


@pytest.mark.fault(32, "the leftover of a unique build refuses the application's rows")
def test_after_a_cancelled_unique_build_the_application_may_write_what_it_likes(place, monkeypatch):
    expect(_a_duplicate_arrives(place, monkeypatch), "failed", "CANCELLED", "57014")
    place.run(
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey",
        "INSERT INTO orders SELECT * FROM orders WHERE id = 5",
    )


@pytest.mark.guard(32)
def test_the_leftover_of_a_unique_build_really_refuses_rows(place, monkeypatch):
    monkeypatch.setattr(creation, "settle", lambda *_: Settled("absent"))
    _a_duplicate_arrives(place, monkeypatch)
    place.run("ALTER TABLE orders DROP CONSTRAINT orders_pkey")
    with pytest.raises(DatabaseError, match="23505"):
        place.run("INSERT INTO orders SELECT * FROM orders WHERE id = 5")
    place.run(f"DROP INDEX {NAME}")


_TRIGGER = (
    "CREATE FUNCTION public.forbid() RETURNS event_trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'canary-literal-4711 not here'; END $$"
)


@pytest.mark.fault(50, "an event trigger forbids DDL")
@pytest.mark.parametrize("event", ["ddl_command_start", "ddl_command_end"])
def test_an_event_trigger_that_forbids_it_is_told_and_nothing_is_left(place, event):
    _forbidden(place, event)
    (outcome,) = apply_here(place, create_statement(NAME, USER))
    expect(outcome, "failed", "FORBIDDEN", "P0001")
    assert place.index_state(NAME) == ""


@pytest.mark.guard(50)
def test_without_the_look_afterwards_a_forbidden_index_stays(place, monkeypatch):
    _forbidden(place, "ddl_command_end")
    monkeypatch.setattr(creation, "settle", lambda *_: Settled("absent"))
    apply_here(place, create_statement(NAME, USER))
    with pytest.raises(AssertionError):
        gone(place, 0.5)
    place.run(f"DROP INDEX {NAME}")


def _forbidden(place, event):
    place.allow(catalog={"*"})
    place.run(
        _TRIGGER,
        f"CREATE EVENT TRIGGER no_indexes ON {event} WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION public.forbid()",
    )
