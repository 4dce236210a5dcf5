"""A server's CPU time from ``/proc``, with a folder that looks like it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexical.measure.served.cpu import (
    Machine,
    Unreadable,
    busy_share,
    check_postmaster,
    machine,
    postmaster_of,
    server_seconds,
)

TICKS = os.sysconf("SC_CLK_TCK")
BOOT = 1_700_000_000


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "stat").write_text(f"cpu  10 0 20 60 10 0 0 0 0 0\ncpu0 1 1 1 1\nbtime {BOOT}\n")
    put(tmp_path, 10, "postgres", 1, own=3, collected=100)
    put(tmp_path, 11, "postgres", 10, own=20, collected=0, started=50 * TICKS)
    put(tmp_path, 12, "strange) name (", 10, own=7, collected=2)
    put(tmp_path, 13, "python", 1, own=9999, collected=0)
    (tmp_path / "self").mkdir()
    return tmp_path


def put(proc: Path, pid: int, name: str, parent: int, *, own: int, collected: int, started: int = 0) -> None:
    (proc / str(pid)).mkdir()
    fields = ["S", parent, *[0] * 9, own - 1, 1, collected, 0, *[0] * 4, started, 0, 0]
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) {' '.join(map(str, fields))}\n")


def test_the_living_and_the_ended_are_counted_and_nobody_else(proc: Path) -> None:
    assert server_seconds(10, proc) == (3 + 100 + 20 + 7 + 2) / TICKS


def test_the_postmaster_is_the_parent_of_the_backend(proc: Path) -> None:
    assert postmaster_of(11, BOOT + 50.4, proc) == 10


def test_a_backend_that_is_not_seen_is_elsewhere(proc: Path) -> None:
    with pytest.raises(Unreadable, match="not seen from here"):
        postmaster_of(99, BOOT, proc)


@pytest.mark.parametrize(("pid", "began"), [(11, BOOT + 500.0), (13, BOOT + 0.0)])
def test_a_process_that_only_bears_the_number_is_not_taken_for_it(proc: Path, pid: int, began: float) -> None:
    with pytest.raises(Unreadable, match="is not the server's"):
        postmaster_of(pid, began, proc)


def test_a_process_named_by_hand_has_to_be_a_server(proc: Path) -> None:
    assert check_postmaster(10, proc) == 10
    with pytest.raises(Unreadable, match="not a PostgreSQL server"):
        check_postmaster(13, proc)
    with pytest.raises(Unreadable, match="no processes of its own"):
        check_postmaster(11, proc)


def test_a_server_that_has_ended_is_unreadable(proc: Path) -> None:
    with pytest.raises(Unreadable, match="no more"):
        server_seconds(99, proc)


def test_a_system_without_proc_is_unreadable(tmp_path: Path) -> None:
    put(tmp_path, 11, "postgres", 10, own=1, collected=0)
    with pytest.raises(Unreadable, match="no account"):
        postmaster_of(11, 0.0, tmp_path)
    assert machine(tmp_path) is None


def test_how_busy_the_machine_was(proc: Path) -> None:
    assert machine(proc) == Machine(30, 100)
    assert busy_share(Machine(30, 100), Machine(60, 200)) == pytest.approx(0.3)
    assert busy_share(None, Machine(1, 1)) is None
    assert busy_share(Machine(1, 1), Machine(1, 1)) is None
