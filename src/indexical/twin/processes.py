"""What an operating-system process is: alive, since when, and in which folder. Linux has ``/proc``; others have ``ps``."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not count."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def started_at(pid: int) -> str:
    """When the process began, in a form that is only good for comparing; empty when unknown."""
    fields = _stat(pid)
    if fields:
        return fields[19]
    return _ps(pid, "lstart")


def runs_in(pid: int, folder: Path) -> bool:
    """Whether the process's current folder is this one, which is how PostgreSQL sits in its data directory."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")) == folder.resolve()
    except OSError:
        return str(folder) in _ps(pid, "command")


def ends_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _state(pid: int) -> str:
    fields = _stat(pid)
    return fields[0] if fields else _ps(pid, "stat")[:1]


def _stat(pid: int) -> list[str]:
    """Fields 3 and following of ``/proc/PID/stat``: the second, the program's name, may hold spaces."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _ps(pid: int, column: str) -> str:
    try:
        done = subprocess.run(
            ["ps", "-o", f"{column}=", "-p", str(pid)],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
