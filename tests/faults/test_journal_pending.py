"""What a run had to leave behind is told with who kept it, and the next run takes it away."""

from __future__ import annotations

import json

import pytest

from indexical.apply.build import create_statement
from indexical.apply.earlier import clear_earlier
from indexical.apply.journal import read_run
from indexical.model import Applied, Index, Key
from tests.faults.harness import advice_file, apply_here, expect, hold
from tests.faults.taking_up import USER, patched_tool

TOTAL = Index("public", "orders", (Key.asc("total"),))


def blocked(place):
    """A run whose build and whose clearing up were both kept waiting too long by one writer; its journal and the writer."""
    runs = place.folder / ".indexical" / "runs"
    runs.mkdir(parents=True, mode=0o700)
    journal = runs / "20260101T000000Z-aaaa.jsonl"
    with hold(place, "writer") as writer:
        (outcome,) = apply_here(
            place, create_statement("left_idx", USER), journal=journal, wait_budget_s=0.5, cleanup_wait_s=0.5
        )
        expect(outcome, "failed", "CLEANUP_PENDING")
        assert f"pid {writer.pid}" in outcome.error
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        (pending,) = (line for line in lines if line["event"] == "pending")
        assert str(writer.pid) in pending["detail"]
        # While it is still in the way, a later run says so again and touches nothing.
        (still,) = clear_earlier(place.open_ours, runs, cleanup_wait_s=0.3)
        expect(still, "failed", "CLEANUP_PENDING")
    assert place.index_state("left_idx").startswith("f")
    assert not read_run(journal).finished
    return journal


@pytest.mark.fault(49, "cleanup blocked")
def test_the_next_run_removes_what_was_left_before_it_begins(place):
    journal = blocked(place)
    advice = advice_file(place, creates=[("next_idx", TOTAL)])
    with patched_tool(place, "pass", "--advice", advice, "--no-backup") as tool:
        assert tool.wait() == 0, tool.err
        assert "left_idx" in tool.out
    assert place.index_state("left_idx") == ""
    assert place.index_state("next_idx") == "t/t/t"
    assert read_run(journal).finished
    assert clear_earlier(place.open_ours, journal.parent) == ()


@pytest.mark.fault(49, "cleanup blocked")
def test_the_same_run_again_removes_it_and_builds_it(place):
    journal = blocked(place)
    advice = advice_file(place, creates=[("left_idx", USER)])
    with patched_tool(place, "pass", "--advice", advice, "--no-backup") as tool:
        assert tool.wait() == 0, tool.err
    assert place.index_state("left_idx") == "t/t/t"
    assert read_run(journal).finished


@pytest.mark.fault(49, "cleanup blocked")
@pytest.mark.guard(49)
def test_without_looking_at_earlier_journals_it_is_left_for_good(place):
    journal = blocked(place)
    advice = advice_file(place, creates=[("next_idx", TOTAL)])
    patch = "import indexical.cli.verbs.apply as a; a.clear_earlier = lambda *_, **__: ()"
    with patched_tool(place, patch, "--advice", advice, "--no-backup") as tool:
        assert tool.wait() == 0, tool.err
    with pytest.raises(AssertionError):
        assert place.index_state("left_idx") == ""
    (gone,) = clear_earlier(place.open_ours, journal.parent)
    assert isinstance(gone, Applied)
    assert place.index_state("left_idx") == ""
