"""Rows 19, 20, 23, 24, 27, 30, 36 of the plan: who waits for whom, for how long, and who has to give way."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from indexical.apply import run, turn, watch
from indexical.apply.build import create_statement
from indexical.apply.creation import create
from indexical.model import Failed, Index, Key
from tests.faults.harness import (
    apply_here,
    at_phase,
    build_in_thread,
    expect,
    hold,
    let_go,
    slow_index,
    standby,
    waits_until,
)

NAME = "orders_new_idx"
USER = Index("public", "orders", (Key.asc("user_id"),))


def engine(place, statement, **options):
    """The engine alone, with limits that the command line does not offer; returns the outcome and what it recorded."""
    place.expect_statements([statement])
    recorded = []
    with place.open_ours() as monitor:
        site = run.Site(
            place.open_ours, monitor, lambda *event: place.says(event), run="test",
            record=lambda event, **details: recorded.append((event, details)), **options,
        )  # fmt: skip
        outcome = create(site, statement)
    place.says(outcome)
    return outcome, recorded


def when_it_clears_up(act):
    """An ``on_event`` that does something once, as soon as the run waits to remove what it has left."""
    done = []

    def on_event(_stage, _share, detail):
        if "waiting to remove" in detail and not done:
            done.append(detail)
            act()

    return on_event


@pytest.mark.fault(19, "the table's lock is held")
def test_a_lock_that_is_held_is_given_up_on_early_with_its_holder_named(place):
    _held_lock(place, wait_budget_s=60)


@pytest.mark.guard(19)
def test_without_the_test_lock_it_waits_as_long_as_a_build_may(place, monkeypatch):
    monkeypatch.setattr(run, "_test_lock", lambda *_: None)
    with pytest.raises(AssertionError):
        _held_lock(place, wait_budget_s=4)


def _held_lock(place, *, wait_budget_s):
    with hold(place, "lock") as held:
        begun = time.monotonic()
        (outcome,) = apply_here(
            place, create_statement(NAME, USER), lock_wait_ms=100, wait_budget_s=wait_budget_s
        )
        assert time.monotonic() - begun < wait_budget_s
    expect(outcome, "failed", "LOCK", "55P03")
    assert f"pid {held.pid}" in outcome.error
    assert place.index_state(NAME) == ""


@pytest.mark.fault(20, "a writer idle in transaction")
def test_a_writer_is_waited_for_within_the_budget_and_named_and_what_is_left_goes_when_it_goes(place):
    _writer(place)


@pytest.mark.guard(20)
def test_without_the_watch_nobody_says_whom_a_build_waited_for(place, monkeypatch):
    monkeypatch.setattr(watch.Watch, "_waits", lambda _: "")
    with pytest.raises(AssertionError):
        _writer(place)


def _writer(place):
    with hold(place, "writer") as held:
        (outcome,) = apply_here(
            place, create_statement(NAME, USER), wait_budget_s=0.7, cleanup_wait_s=60,
            on_event=when_it_clears_up(held.release),
        )  # fmt: skip
    expect(outcome, "failed", "GIVEN_UP", "57014")
    assert f"pid {held.pid} (role postgres, 'application writer'), idle in transaction for" in outcome.error
    assert "UPDATE public.orders SET id = id" in outcome.error
    assert place.index_state(NAME) == ""


@pytest.mark.fault(20, "a writer idle in transaction")
@pytest.mark.fault(49, "the clearing up is blocked")
def test_a_leftover_whose_blocker_stays_is_pending_and_recorded_with_its_name(place):
    with hold(place, "writer") as held:
        outcome, recorded = engine(place, create_statement(NAME, USER), wait_budget_s=0.5, cleanup_wait_s=1)
        expect(outcome, "failed", "CLEANUP_PENDING", "57014")
        assert f"pid {held.pid}" in outcome.error
        assert [event for event, _ in recorded] == ["backend", "index", "pending"]
        assert recorded[2][1]["oid"] == recorded[1][1]["oid"]
        assert f"pid {held.pid}" in recorded[2][1]["detail"]
    again, _ = engine(place, create_statement(NAME, USER), left=frozenset({recorded[1][1]["oid"]}))
    expect(again, "applied")


@pytest.mark.guard(49)
def test_an_invalid_index_that_no_run_of_ours_has_left_is_not_taken_away(place):
    with hold(place, "writer"):
        engine(place, create_statement(NAME, USER), wait_budget_s=0.5, cleanup_wait_s=0)
    outcome, _ = engine(place, create_statement(NAME, USER))
    expect(outcome, "failed", "NAME_TAKEN")
    assert place.index_state(NAME) != ""
    place.run(f"DROP INDEX {NAME}")


def _prepared(place):
    with place.open(name="application") as other:
        other.execute("BEGIN")
        other.execute("UPDATE orders SET id = id WHERE id = 3")
        other.execute("PREPARE TRANSACTION 'nightly transfer'")

    def rolls_back():
        with place.open(name="application") as owner:
            if owner.rows("SELECT 1 FROM pg_prepared_xacts"):
                owner.execute("ROLLBACK PREPARED 'nightly transfer'")

    try:
        (outcome,) = apply_here(
            place, create_statement(NAME, USER), wait_budget_s=0.7, cleanup_wait_s=60,
            on_event=when_it_clears_up(rolls_back),
        )  # fmt: skip
    finally:
        rolls_back()
    expect(outcome, "failed", "GIVEN_UP")
    assert "prepared transaction 'nightly transfer' (role postgres)" in outcome.error


@pytest.mark.fault(23, "a prepared transaction")
def test_a_prepared_transaction_is_named_by_its_gid_and_left_to_its_owner(place):
    _prepared(place)


@pytest.mark.guard(23)
def test_blocking_pids_alone_do_not_name_a_prepared_transaction(place, monkeypatch):
    monkeypatch.setattr(
        watch, "blockers",
        lambda session, pid: tuple(map(str, session.rows("SELECT pg_blocking_pids(%(pid)s)", {"pid": pid}))),
    )  # fmt: skip
    monkeypatch.setattr(watch, "told", "; ".join)
    with pytest.raises(AssertionError):
        _prepared(place)


@pytest.mark.fault(24, "ALTER TABLE queues behind us")
def test_a_queued_alter_table_is_let_through_within_a_second(place):
    assert _altered_in(place) < 1.0


@pytest.mark.guard(24)
def test_without_the_look_out_an_alter_table_stops_everybody(place, monkeypatch):
    monkeypatch.setattr(watch.Watch, "_harms", lambda _: "")
    place.allow(waits=True)
    with pytest.raises(AssertionError):
        assert _altered_in(place, lasts=3) < 1.0


def _altered_in(place, *, lasts=60):
    place.allow(catalog={"public.orders", "public.orders.*"}, rows=True)
    build = build_in_thread(place, create_statement(NAME, slow_index(place, lasts)))
    at_phase(place, "building")
    with place.open(name="application altering") as other:
        begun = time.monotonic()
        other.execute("ALTER TABLE orders ADD COLUMN later int")
        took = time.monotonic() - begun
    (outcome,) = build.result()
    if took < 1.0:
        expect(outcome, "failed", "GIVEN_UP", "57014")
    return took


@pytest.mark.fault(27, "two runs and one lock")
def test_two_runs_at_once_take_turns_and_both_build(place):
    _two_runs(place)


@pytest.mark.guard(27)
def test_a_run_that_waits_for_its_turn_in_the_database_holds_the_other_one_up(place, monkeypatch):
    monkeypatch.setattr(
        turn, "load", lambda name: "SELECT pg_advisory_lock(%(family)s::int, %(number)s::int) IS NOT NULL AS mine"
        if name == "apply_turn" else "SELECT pg_advisory_unlock(%(family)s::int, %(number)s::int) AS released",
    )  # fmt: skip
    place.allow(waits=True)
    with pytest.raises(AssertionError):
        _two_runs(place)


def _two_runs(place):
    options = {"wait_budget_s": 2.0, "turn_wait_s": 60.0}
    first = build_in_thread(place, create_statement(NAME, slow_index(place, 60)), **options)
    at_phase(place, "building")
    second = build_in_thread(place, create_statement("orders_second_idx", USER), **options)
    waits_until(
        lambda: place.rows(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name LIKE 'indexical%' AND query LIKE '%advisory_lock(%'"
        ),
        what="the second run's asking for its turn",
    )
    with let_go(place.url):
        outcomes = [*first.result(), *second.result()]
    assert not [outcome for outcome in outcomes if isinstance(outcome, Failed)], outcomes


@pytest.mark.fault(30, "the synchronous standby is gone")
def test_a_synchronous_standby_that_goes_away_is_told_and_what_is_left_is_read(own_place):
    _silent_standby(own_place)


@pytest.mark.guard(30)
def test_a_cancel_alone_does_not_end_the_wait_for_a_standby(own_place, monkeypatch):
    monkeypatch.setattr(run, "terminate", lambda *_: None)
    with pytest.raises(AssertionError):
        _silent_standby(own_place, seconds=8)


def _silent_standby(place, seconds=60):
    place.allow(waits=True)
    build = build_in_thread(place, create_statement(NAME, slow_index(place, 60)), wait_budget_s=1.0)
    at_phase(place, "building")
    with ExitStack() as going_on:
        try:
            with nobody_confirms(place):
                going_on.enter_context(let_go(place.url))
                (outcome,) = build.result(seconds)
        finally:
            build.result()
    expect(outcome, "failed", "GIVEN_UP")
    assert "a synchronous standby" in outcome.error
    assert place.index_state(NAME) == ""


@contextmanager
def nobody_confirms(place):
    """A synchronous standby that is not there. Begins when commits wait for it: a process of its own tells the others."""
    over = threading.Event()

    def commits():
        with place.open(name="application committing") as session:
            while not over.is_set():
                session.rows("SELECT pg_catalog.pg_logical_emit_message(true, 'probe', '')")
                over.wait(0.02)

    committing = threading.Thread(target=commits, name="fault-committing", daemon=True)
    place.cluster.set(synchronous_standby_names="ghost")
    try:
        committing.start()
        waits_until(
            lambda: place.rows(
                "SELECT 1 FROM pg_stat_activity "
                "WHERE application_name = 'application committing' AND wait_event = 'SyncRep'"
            )
        )
        yield
    finally:
        over.set()
        place.cluster.set(synchronous_standby_names="")
        committing.join()


@pytest.mark.fault(36, "a replica falls behind")
def test_a_build_is_given_up_when_a_replica_falls_too_far_behind(own_place):
    _lagging(own_place)


@pytest.mark.guard(36)
def test_without_the_look_out_the_replica_falls_behind_unseen(own_place, monkeypatch):
    monkeypatch.setattr(watch.Watch, "_lags", lambda _: "")
    with pytest.raises(AssertionError):
        _lagging(own_place, lasts=4)


def _lagging(place, *, lasts=60):
    place.allow(rows=True, catalog={"public.ballast"})
    place.run("CREATE TABLE ballast (t text)")
    statement = create_statement(NAME, slow_index(place, lasts))
    with standby(place.cluster) as copy:
        # It lets sessions in before it streams.
        waits_until(
            lambda: place.rows(
                "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn IS NOT NULL"
            )
        )
        with copy.open() as there:
            there.execute("SELECT pg_wal_replay_pause()")
        outcomes = []
        build = threading.Thread(
            target=lambda: outcomes.append(engine(place, statement, lag_limit_bytes=4 * 1024**2)[0])
        )
        build.start()
        at_phase(place, "building")
        place.run("INSERT INTO ballast SELECT repeat('x', 1000) FROM generate_series(1, 8000)")
        begun = time.monotonic()
        waits_until(lambda: not build.is_alive())
        took = time.monotonic() - begun
    expect(outcomes[0], "failed", "GIVEN_UP", "57014")
    assert "MB behind" in outcomes[0].error
    assert took < 10, "it was given up late, or slept to its end"
