"""CPU seconds of a PostgreSQL server that runs on this machine, from Linux's ``/proc``.

The kernel keeps the account: every process has its own time, and the time of the children that it has waited for
(``cutime`` and ``cstime``, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). The postmaster waits for every
process it started, so its own account holds those that have ended, and adding the living ones gives the whole server,
however short its connections are. A process's time is rounded down to a clock tick, 10 ms usually.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_TRIES = 5
_APART_S = 2.0
"""The boot time in ``/proc/stat`` is a whole second, and clocks are set."""


class Unreadable(Exception):
    """The processes cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    name: str
    parent: int
    own: int
    """Ticks, of the process itself."""
    collected: int
    """Ticks, of the children that it has waited for."""
    started: int
    """Ticks since the machine began."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Ticks of all cores since the machine began."""

    busy: int
    all: int


def postmaster_of(backend: int, began: float, proc: Path = PROC) -> int:
    """The process that started a backend, when the backend is provably a process of this machine.

    Args:
        backend: its process id, as the server says.
        began: when it began, as the server says; seconds since 1970.

    Raises:
        Unreadable: there is no such process here, or it is another one that happens to bear the number.
    """
    found = _process(backend, proc)
    if found is None:
        raise Unreadable(
            f"the server's process {backend} is not seen from here: the server runs elsewhere, in a container say"
        )
    here = _boot(proc) + found.started / _ticks()
    if "postgres" not in found.name or abs(here - began) > _APART_S:
        raise Unreadable(
            f"process {backend} of this machine is not the server's: the server runs elsewhere, in a container say"
        )
    return found.parent


def check_postmaster(pid: int, proc: Path = PROC) -> int:
    """The same process id, when a PostgreSQL with processes of its own bears it.

    Raises:
        Unreadable: it is none.
    """
    found = _process(pid, proc)
    if found is None or not any(name in found.name for name in ("postgres", "postmaster")):
        raise Unreadable(f"process {pid} is not a PostgreSQL server of this machine")
    if not any(each.parent == pid for each in _processes(proc)):
        raise Unreadable(
            f"process {pid} has no processes of its own: name the server's first one, the postmaster"
        )
    return pid


def server_seconds(postmaster: int, proc: Path = PROC) -> float:
    """CPU seconds of the server since it began.

    A child that ends between two looks would be counted twice or not at all, so the reading is repeated until none did, five
    times at most.

    Raises:
        Unreadable: the server has ended.
    """
    ticks = 0
    for _ in range(_TRIES):
        before = _process(postmaster, proc)
        living = sum(each.own + each.collected for each in _processes(proc) if each.parent == postmaster)
        after = _process(postmaster, proc)
        if before is None or after is None:
            raise Unreadable(f"the server's process {postmaster} is no more")
        ticks = after.own + before.collected + living
        if before.collected == after.collected:
            break
    # Where children come and go all the time, those that ended during the last look are missing: a few ticks.
    return ticks / _ticks()


def machine(proc: Path = PROC) -> Machine | None:
    """How busy the machine has been; None where there is no such account."""
    try:
        first = (proc / "stat").read_text(encoding="ascii").splitlines()[0].split()
        # user nice system idle iowait irq softirq steal; guests are part of user and nice.
        ticks = [int(text) for text in first[1:9]]
    except (OSError, ValueError, IndexError):
        return None
    if len(ticks) < 5:
        return None
    return Machine(sum(ticks) - ticks[3] - ticks[4], sum(ticks))


def busy_share(before: Machine | None, after: Machine | None) -> float | None:
    """Which share of the cores was busy between two readings, 0 to 1."""
    if before is None or after is None or after.all <= before.all:
        return None
    return (after.busy - before.busy) / (after.all - before.all)


def _ticks() -> int:
    return os.sysconf("SC_CLK_TCK")


def _boot(proc: Path) -> float:
    try:
        lines = (proc / "stat").read_text(encoding="ascii").splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith("btime ")))
    except (OSError, ValueError, StopIteration):
        raise Unreadable("this system keeps no account of its processes in /proc") from None


def _processes(proc: Path) -> list[_Process]:
    try:
        names = os.listdir(proc)
    except OSError:
        return []
    found = (_process(int(name), proc) for name in names if name.isdecimal())
    return [process for process in found if process is not None]


def _process(pid: int, proc: Path) -> _Process | None:
    try:
        text = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    head, _, tail = text.rpartition(")")
    # From the third field on: state parent ... utime(14) stime cutime cstime ... starttime(22).
    fields = tail.split()
    if len(fields) < 20:
        return None
    return _Process(
        pid,
        head.partition("(")[2],
        int(fields[1]),
        int(fields[11]) + int(fields[12]),
        int(fields[13]) + int(fields[14]),
        int(fields[19]),
    )
