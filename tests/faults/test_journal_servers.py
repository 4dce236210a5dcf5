"""The server crashes, is shut down, is replaced, or falls silent while we build on it; and the run is taken up again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext

import pytest

from indexical.apply import course as courses
from indexical.apply.build import create_statement
from indexical.apply.journal import read_run
from indexical.apply.resume import resume
from indexical.errors import FileRefused
from indexical.model import Applied
from indexical.pg.session import Session, connect
from indexical.usage import sample
from indexical.usage.windows import node_window
from tests.faults.harness import (
    PASSWORD,
    at_phase,
    build_in_thread,
    expect,
    let_go,
    promote,
    slow_index,
    standby,
    waits_until,
)
from tests.faults.taking_up import USER, ended_well, take_up

NAME = "orders_new_idx"


def building(place, **options):
    """A build that has come to its work and stays at it, and its journal."""
    journal = place.folder / "run.jsonl"
    slow = create_statement(NAME, slow_index(place, 90))
    build = build_in_thread(
        place, slow, create_statement("orders_more_idx", USER), journal=journal, **options
    )
    at_phase(place, "building")
    return build, journal


def taken_up_well(place, journal):
    """The run is brought to its end; the slow function sleeps no more."""
    with place.open(name="application") as session, place.mine():
        session.execute(
            "CREATE OR REPLACE FUNCTION public.slowly(bigint, double precision) RETURNS bigint IMMUTABLE "
            "LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$"
        )
    assert all(isinstance(outcome, Applied) for outcome in take_up(place, journal))
    ended_well(place, journal, orders_new_idx="t/t/t", orders_more_idx="t/t/t")


@pytest.mark.fault(15, "postmaster kill -9")
def test_a_crashed_server_is_waited_for_and_cleaned(own_place):
    own_place.allow(waits=True, writes=True)
    build, journal = building(own_place)
    own_place.cluster.crash()
    own_place.cluster.start()
    lost, more = build.result()
    # It was clean when the server was back: no more than a session that was ended.
    expect(lost, "failed", "TERMINATED")
    expect(more, "applied")
    assert own_place.index_state(NAME) == ""
    assert not read_run(journal).finished
    taken_up_well(own_place, journal)


@pytest.mark.fault(15, "postmaster kill -9")
def test_a_server_that_stays_away_is_given_up_in_time_and_the_run_goes_on_later(own_place):
    own_place.allow(waits=True, writes=True)
    build, journal = building(own_place, back_within_s=1.0)
    own_place.cluster.crash()
    begun = time.monotonic()
    lost, more = build.result()
    assert time.monotonic() - begun < 25  # Of the 30 s that are usual it has not even waited once.
    expect(lost, "failed", "SERVER_LOST")
    expect(more, "failed", "SERVER_LOST")
    own_place.cluster.start()
    assert own_place.index_state(NAME) in ("f/f/t", "")
    taken_up_well(own_place, journal)


@pytest.mark.fault(15, "postmaster kill -9")
@pytest.mark.guard(15)
def test_without_waiting_for_the_server_nothing_is_cleaned(own_place, monkeypatch):
    own_place.allow(waits=True, writes=True)
    build, journal = building(own_place, back_within_s=0.0)
    own_place.cluster.crash()
    lost, _ = build.result()
    own_place.cluster.start()
    with pytest.raises(AssertionError):
        assert "nothing was left behind" in lost.error
    taken_up_well(own_place, journal)


@pytest.mark.fault(16, "other backend kill -9 (OOM)")
def test_another_sessions_violent_end_is_survived_and_the_counters_start_anew(own_place):
    own_place.allow(waits=True, writes=True)
    with own_place.open(name="application sampling") as session:
        before = sample(session, "primary")
    build, journal = building(own_place)
    with own_place.open(name="application to be killed") as victim:
        own_place.cluster.kill_backend(victim.backend_pid)
        lost, _ = build.result()
    expect(lost, "failed", "TERMINATED")
    own_place.cluster.wait_ready()
    assert own_place.index_state(NAME) == ""
    taken_up_well(own_place, journal)
    with own_place.open(name="application sampling") as session:
        after = sample(session, "primary")
    # The counters began anew with the crash, so what was seen before it says nothing about the time since.
    window = node_window((before, after), "other", "orders_user_idx")
    assert window.since > before.taken_at, window


@pytest.mark.fault(16, "other backend kill -9 (OOM)")
@pytest.mark.guard(16)
def test_without_the_turn_taken_anew_nothing_more_is_built(own_place, monkeypatch):
    own_place.allow(waits=True, writes=True)
    build, journal = building(own_place, turn_wait_s=0.0)
    monkeypatch.setattr(
        courses, "reopen", lambda *_, **__: (_ for _ in ()).throw(courses.ConnectionFailed("gone"))
    )
    with own_place.open(name="application to be killed") as victim:
        own_place.cluster.kill_backend(victim.backend_pid)
        _, more = build.result()
    with pytest.raises(AssertionError):
        expect(more, "applied")
    monkeypatch.undo()
    own_place.cluster.wait_ready()
    taken_up_well(own_place, journal)


@pytest.mark.fault(17, "fast / immediate shutdown")
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_is_shut_down_and_started_is_waited_for(own_place, mode):
    own_place.allow(waits=True, writes=True)
    build, journal = building(own_place)
    own_place.cluster.stop(mode)
    own_place.cluster.start()
    lost, more = build.result()
    expect(lost, "failed", "TERMINATED")
    expect(more, "applied")
    assert own_place.index_state(NAME) == ""
    taken_up_well(own_place, journal)


@pytest.mark.fault(17, "fast / immediate shutdown")
@pytest.mark.guard(17)
def test_without_patience_for_a_restart_the_run_breaks_off(own_place):
    own_place.allow(waits=True, writes=True)
    build, journal = building(own_place, back_within_s=0.0)
    own_place.cluster.stop("immediate")
    _, more = build.result()
    own_place.cluster.start()
    with pytest.raises(AssertionError):
        expect(more, "applied")
    taken_up_well(own_place, journal)


@contextmanager
def failing_over(place):
    """A build on a server whose place is taken by its standby in the middle; new sessions go to the standby.

    The build ends well on the old server, and not before the new one has taken its place.
    """
    where = {"url": place.url}
    with standby(place.cluster) as copy:
        build, journal = building(place, open_session=lambda: connect(where["url"], read_only=False))
        at_copy = copy.url(place.database)

        def is_there():
            with connect(at_copy) as session:
                return session.rows("SELECT 1 FROM pg_class WHERE relname = %s", (NAME,))

        waits_until(is_there, what="the unfinished index on the standby")
        promote(copy)
        where["url"] = at_copy
        with let_go(place.url), let_go(at_copy):
            yield build, journal, at_copy


def state_at(url):
    with connect(url) as session:
        rows = session.rows(
            "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('public.orders_new_idx')"
        )
    return rows[0]["valid"] if rows else None


@pytest.mark.fault(18, "failover mid-build")
def test_a_failover_is_noticed_and_nothing_is_cleaned_on_the_new_server(own_place):
    own_place.allow(waits=True, writes=True)
    with failing_over(own_place) as (build, journal, at_copy):
        lost, more = build.result()
        expect(lost, "failed", "TARGET_CHANGED")
        expect(more, "failed", "TARGET_CHANGED")
        assert state_at(at_copy) is False
        assert not read_run(journal).finished
        at_new = lambda: connect(at_copy, read_only=False)  # noqa: E731
        with pytest.raises(FileRefused, match=r"timeline 1.*timeline 2"):
            resume(journal, at_new)
        assert state_at(at_copy) is False
        outcomes = resume(journal, at_new, after_failover=True).outcomes
        assert all(isinstance(outcome, Applied) for outcome in outcomes), outcomes
        assert state_at(at_copy) is True


@pytest.mark.fault(18, "failover mid-build")
@pytest.mark.guard(18)
def test_without_asking_who_answers_a_failover_is_taken_for_success(own_place, monkeypatch):
    own_place.allow(waits=True, writes=True)
    monkeypatch.setattr(courses, "difference", lambda begun_on, here: "")
    with failing_over(own_place) as (build, _, _), pytest.raises(AssertionError):
        expect(build.result()[0], "failed", "TARGET_CHANGED")
    own_place.expect_change("orders_more_idx")


_PROXY = """
import selectors, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
eyes = selectors.DefaultSelector()
eyes.register(listener, selectors.EVENT_READ)

def pass_on(one, other):
    try:
        said = one.recv(65536)
        other.sendall(said)
    except OSError:
        said = b""
    if not said:
        for end in (one, other):
            eyes.unregister(end)
            end.close()

while True:
    for key, _ in eyes.select():
        if key.fileobj is listener:
            near, _ = listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(sys.argv[1])
            eyes.register(near, selectors.EVENT_READ, far)
            eyes.register(far, selectors.EVENT_READ, near)
        elif key.fileobj.fileno() >= 0:  # both ends may speak in one turn, and the first may have closed both
            pass_on(key.fileobj, key.data)
"""


@contextmanager
def network(place):
    """A way to the server through a process that can be stopped: its URL, and the process."""
    socket_path = place.cluster.sockets / f".s.PGSQL.{place.cluster.port}"
    process = subprocess.Popen(
        [sys.executable, "-c", _PROXY, str(socket_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        port = process.stdout.readline().strip()
        assert port, "the way to the server is not there"
        yield (
            f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/{place.database}?connect_timeout=4",
            process.pid,
        )
    finally:
        os.kill(process.pid, signal.SIGCONT)
        process.kill()
        process.wait()
        process.stdout.close()


def frozen_while_building(place, url, proxy):
    build, journal = building(
        place, open_session=lambda: connect(url, read_only=False), answer_within_s=4.0, back_within_s=1.0
    )
    os.kill(proxy, signal.SIGSTOP)
    return build, journal


@pytest.mark.fault(63, "frozen network, then thaw")
def test_a_network_that_freezes_is_given_up_at_the_deadline_and_the_truth_is_read_later(place):
    with network(place) as (url, proxy):
        build, journal = frozen_while_building(place, url, proxy)
        begun = time.monotonic()
        unknown, more = build.result()
        assert time.monotonic() - begun < 40  # The usual 60 s for an answer are not waited for.
        expect(unknown, "failed", "STATE_UNKNOWN")
        expect(more, "failed", "STATE_UNKNOWN")
        assert not read_run(journal).finished
        os.kill(proxy, signal.SIGCONT)
        taken_up_well(place, journal)


@pytest.mark.fault(63, "frozen network, then thaw")
@pytest.mark.guard(63)
def test_without_a_deadline_a_frozen_network_holds_us_for_as_long_as_it_is_frozen(place, monkeypatch):
    monkeypatch.setattr(Session, "_in_time", lambda self: nullcontext())
    with network(place) as (url, proxy):
        build, journal = frozen_while_building(place, url, proxy)
        with pytest.raises(AssertionError):
            build.result(12)
        os.kill(proxy, signal.SIGCONT)
        with let_go(place.url):
            build.result()
        monkeypatch.undo()
    taken_up_well(place, journal) if not read_run(journal).finished else None
