"""The tool dies at every line that it writes into its journal, once before the line and once after it: each time the run is
brought to the same end.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from indexical.apply.journal import read_run
from tests.faults.harness import Tool, advice_file, at_phase, expect, slow_index
from tests.faults.taking_up import again_changes_nothing, journals, take_up

_DRIVER = """
import os, signal, sys
from pathlib import Path
from indexical.apply.build import apply_sql, create_statement, drop_statement
from indexical.apply.journal import Journal
from indexical.errors import FileRefused
from indexical.model import Index, Key
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import connect

url, folder = sys.argv[1], Path(sys.argv[2])
real = Journal.record
creates = [
    create_statement("points_new_idx", Index("public", "orders", (Key(expression="total + 1"),))),
]

def child(number, when):
    written = 0
    def record(self, *args, **more):
        nonlocal written
        written += 1
        if written == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, *args, **more)
        if written == number and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
    Journal.record = record
    with connect(url) as session:
        old = next(each for each in existing_indexes(session, "public", "orders") if each.name == "points_old_idx")
    apply_sql(lambda: connect(url, read_only=False), [*creates, drop_statement(old)], journal=folder / f"{when}-{number}.jsonl")
    os._exit(0)

for line in sys.stdin:
    number, when = line.split()
    pid = os.fork()
    if not pid:
        child(int(number), when)
    _, status = os.waitpid(pid, 0)
    print("killed" if os.WIFSIGNALED(status) else f"ended {os.waitstatus_to_exitcode(status)}", flush=True)
"""
_ENDS = {"points_new_idx": "t/t/t", "points_old_idx": ""}


class Driver:
    """A process that runs the same two statements again and again, and dies where it is told."""

    def __init__(self, place):
        self.place = place
        self.process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER, place.url, str(place.folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def dies(self, number, when):
        """Whether it died there; a run with fewer lines ends by itself."""
        self.process.stdin.write(f"{number} {when}\n")
        self.process.stdin.flush()
        ended = self.process.stdout.readline().strip()
        assert ended in ("killed", "ended 0"), ended or "the driver is gone"
        return ended == "killed"


def set_up(place):
    with place.open(name="application setting up") as session:
        for name in _ENDS:
            session.execute(f"DROP INDEX IF EXISTS public.{name}")
        session.execute("CREATE INDEX points_old_idx ON public.orders (total, status)")


def states(place):
    return {name: place.index_state(name) for name in _ENDS}


@pytest.mark.fault(11, "tool kill -9 between journal write and statement, and between success and journal")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("when", ["before", "after"])
def test_from_every_point_of_the_journal_the_run_reaches_its_end(place, when):
    place.expect_change(*_ENDS)
    with Driver(place) as driver:
        for number in range(1, 60):
            set_up(place)
            died = driver.dies(number, when)
            journal = place.folder / f"{when}-{number}.jsonl"
            if not died:
                assert number > 8
                break
            if when == "before" and number == 1:
                # Not a line: nothing was promised, and nothing begun.
                assert journal.read_bytes() == b""
                assert states(place) == {**dict.fromkeys(_ENDS, ""), "points_old_idx": "t/t/t"}
                continue
            outcomes = take_up(place, journal)
            for outcome in outcomes:
                expect(outcome, "skipped" if type(outcome).__name__ == "Skipping" else "applied")
            assert states(place) == _ENDS, (number, when)
            assert read_run(journal).finished
            again_changes_nothing(place, journal)
        else:
            raise AssertionError("the run never came to its end")


@pytest.mark.fault(11, "tool kill -9 between journal write and statement, and between success and journal")
@pytest.mark.guard(11)
def test_without_what_the_journal_knows_a_leftover_is_in_the_way(place, monkeypatch):
    advice = advice_file(place, creates=[("orders_new_idx", slow_index(place, 90))])
    with Tool(place, "apply", "--advice", advice, "--no-backup") as tool:
        at_phase(place, "building")
        tool.kill()
        tool.wait()
    (journal,) = journals(place)
    with monkeypatch.context() as without:
        without.setattr("indexical.apply.resume.stands", lambda site, step: site)
        outcomes = take_up(place, journal)
    with pytest.raises(AssertionError):
        expect(outcomes[0], "applied")
    with place.open(name="application clearing up") as session:
        session.execute("DROP INDEX IF EXISTS public.orders_new_idx")
