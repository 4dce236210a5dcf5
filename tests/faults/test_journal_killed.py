"""The program itself ends, in every way: killed, told to stop, told twice; the server is left clean and the run can go on."""

from __future__ import annotations

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from indexical.apply import resume as resuming
from indexical.apply import run as running
from indexical.apply.build import create_statement
from indexical.apply.journal import read_run
from tests.faults.harness import (
    Tool,
    advice_file,
    apply_here,
    at_phase,
    hold,
    let_go,
    our_backends,
    slow_index,
    waits_until,
)
from tests.faults.taking_up import (
    USER,
    ended_well,
    journals,
    patched_tool,
    take_up,
    taken_up_while_it_builds,
)

_UNHEEDED = "import indexical.apply.run as run; run._LOST_AFTER = '0'"
"""The server does not look whether its client is still there: as before PostgreSQL 14, or behind a network that keeps silent."""


def killed_while(place, phase, *, index, patch="pass"):
    """The journal of a tool that was killed while it built, and the backend that it had."""
    advice = advice_file(place, creates=[("orders_new_idx", index)])
    with patched_tool(place, patch, "--advice", advice, "--no-backup") as tool:
        pid = at_phase(place, phase)
        waits_until(lambda: any(s.index_oid for s in read_run(journals(place)[0]).steps))
        tool.kill()
        assert tool.wait() == 128 + signal.SIGKILL
    return journals(place)[0], pid


@pytest.mark.fault(9, "tool kill -9 in build")
def test_a_killed_tools_build_ends_on_the_server_and_is_built_anew(place):
    journal, pid = killed_while(place, "building", index=slow_index(place, 90))
    waits_until(lambda: pid not in our_backends(place), 45, what="the end of the build")
    with let_go(place.url):
        (outcome,) = take_up(place, journal)
    assert type(outcome).__name__ == "Applied", outcome
    ended_well(place, journal, orders_new_idx="t/t/t")


@pytest.mark.fault(9, "tool kill -9 in build")
def test_a_build_that_goes_on_without_its_tool_is_waited_for_and_kept(place):
    journal, _ = killed_while(place, "building", index=slow_index(place, 90), patch=_UNHEEDED)
    (step,) = read_run(journal).steps
    (outcome,) = taken_up_while_it_builds(place, journal)
    assert "it is kept" in outcome.what
    assert place.indexes()["orders_new_idx"].oid == step.index_oid
    ended_well(place, journal, orders_new_idx="t/t/t")


@pytest.mark.fault(9, "tool kill -9 in build")
def test_a_build_that_goes_on_without_its_tool_is_ended_when_that_is_asked_for(place):
    journal, pid = killed_while(place, "building", index=slow_index(place, 90), patch=_UNHEEDED)
    (step,) = read_run(journal).steps
    taken_up_while_it_builds(place, journal, running="end")
    assert pid not in our_backends(place)
    assert place.indexes()["orders_new_idx"].oid != step.index_oid
    ended_well(place, journal, orders_new_idx="t/t/t")


@pytest.mark.fault(9, "tool kill -9 in build")
@pytest.mark.guard(9)
def test_without_waiting_for_its_own_backend_a_run_that_is_taken_up_meets_it(place, monkeypatch):
    journal, _ = killed_while(place, "building", index=slow_index(place, 90), patch=_UNHEEDED)
    with monkeypatch.context() as without:
        without.setattr(resuming, "wait_for_own", lambda site, step, running: None)
        (outcome,) = take_up(place, journal, cleanup_wait_s=1.0)
        with pytest.raises(AssertionError):
            assert "it is kept" in getattr(outcome, "what", "")
    if not read_run(journal).finished:
        with let_go(place.url):
            take_up(place, journal)


@pytest.mark.fault(10, "tool kill -9 in old-snapshot wait")
def test_a_killed_tools_wait_for_an_old_snapshot_ends_soon(place):
    with hold(place, "snapshot"):
        journal, pid = killed_while(place, "old snapshots", index=USER)
        waits_until(lambda: pid not in our_backends(place), 45, what="the end of the wait")
        assert place.index_state("orders_new_idx") == "f/t/t"
    (outcome,) = take_up(place, journal)
    assert type(outcome).__name__ == "Applied"
    ended_well(place, journal, orders_new_idx="t/t/t")


@pytest.mark.fault(10, "tool kill -9 in old-snapshot wait")
@pytest.mark.guard(10)
def test_without_the_servers_look_at_its_client_the_wait_goes_on(place):
    with hold(place, "snapshot"):
        journal, pid = killed_while(place, "old snapshots", index=USER, patch=_UNHEEDED)
        with pytest.raises(AssertionError):
            waits_until(lambda: pid not in our_backends(place), 3.5)
    take_up(place, journal)
    ended_well(place, journal, orders_new_idx="t/t/t")


@pytest.mark.fault(12, "SIGTERM / SIGINT")
@pytest.mark.parametrize(
    ("how", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)],
    ids=lambda v: str(int(v)),
)
def test_a_request_to_stop_ends_the_build_and_clears_up(place, how, code):
    advice = advice_file(place, creates=[("orders_new_idx", slow_index(place, 90))])
    with Tool(place, "apply", "--advice", advice, "--no-backup") as tool:
        pid = at_phase(place, "building")
        tool.kill(how)
        waits_until(lambda: pid not in our_backends(place), 45, what="the end of the build")
        assert tool.wait() == code
        # Not by the way of last resort, which ends the whole session when a cancel does not help.
        assert f"[{pid}] ERROR:  canceling statement due to user request" in place.cluster.log.read_text(
            errors="replace"
        )
        assert "interrupted" in tool.err
        assert "--resume" in tool.err
        assert "Traceback" not in tool.err
    assert place.index_state("orders_new_idx") == ""
    last = json.loads(journals(place)[0].read_text().splitlines()[-1])
    assert (last["event"], last["by"]) == ("interrupted", "Stopped")


@pytest.mark.fault(12, "SIGTERM / SIGINT")
def test_a_request_to_stop_at_the_moment_the_build_is_handed_over_ends_it_too(place, monkeypatch):
    class Interrupted(ThreadPoolExecutor):
        def submit(self, *args, **options):
            super().submit(*args, **options)
            at_phase(place, "building")
            raise KeyboardInterrupt

    monkeypatch.setattr(running, "ThreadPoolExecutor", Interrupted)
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        apply_here(place, create_statement("orders_new_idx", slow_index(place, 90)))
    assert time.monotonic() - begun < 60
    assert place.index_state("orders_new_idx") == ""


@pytest.mark.fault(12, "SIGTERM / SIGINT")
def test_more_requests_to_stop_do_not_break_the_clearing_up(place):
    advice = advice_file(place, creates=[("orders_new_idx", slow_index(place, 90))])
    with Tool(place, "apply", "--advice", advice, "--no-backup") as tool:
        at_phase(place, "building")
        for _ in range(6):
            tool.kill(signal.SIGTERM)
            time.sleep(0.05)
            tool.kill(signal.SIGINT)
            time.sleep(0.05)
        assert tool.wait() == 143
        assert "Traceback" not in tool.err
    assert place.index_state("orders_new_idx") == ""
    assert json.loads(journals(place)[0].read_text().splitlines()[-1])["event"] == "interrupted"


@pytest.mark.fault(12, "SIGTERM / SIGINT")
@pytest.mark.guard(12)
def test_without_listening_a_request_to_stop_leaves_the_build_to_the_server(place):
    advice = advice_file(place, creates=[("orders_new_idx", slow_index(place, 90))])
    patch = (
        "import contextlib, indexical.cli as cli\n"
        "cli.stoppable = lambda **_: contextlib.nullcontext()\n"
        "import indexical.apply.run as run; run._LOST_AFTER = '0'"
    )
    with patched_tool(place, patch, "--advice", advice, "--no-backup") as tool:
        pid = at_phase(place, "building")
        tool.kill(signal.SIGTERM)
        with pytest.raises(AssertionError):
            waits_until(lambda: pid not in our_backends(place), 1.5)
        tool.wait()
    with let_go(place.url):
        take_up(place, journals(place)[0])
    ended_well(place, journals(place)[0], orders_new_idx="t/t/t")
