"""Runs a command with capturing switched on for every Django process it starts."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from indexical.errors import InputError, WorkloadEmpty

VARIABLE = "INDEXICAL_CAPTURE"
"""The environment variable that names the capture file; the Django app reads it."""


def record(command: Sequence[str], output: Path) -> int:
    """Runs the command and returns its exit code (128 + n when signal n ended it).

    The statements go to ``output``, which is appended to. Raises :class:`InputError` when the command cannot be started and
    :class:`WorkloadEmpty` when it ended well but nothing was captured.
    """
    if not command:
        raise InputError("there is no command to run; name one, such as: python manage.py test")
    path = output.absolute()
    if not path.parent.is_dir():
        raise InputError(f"the folder {path.parent} does not exist; make it, or name another capture file")
    before = _size(path)
    code = _run(command, {**os.environ, VARIABLE: str(path)})
    if code == 0 and _size(path) <= before:
        raise WorkloadEmpty(
            'nothing was captured: add "indexical.django" to INSTALLED_APPS, and make sure that the command uses a '
            "PostgreSQL database"
        )
    return code


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    running: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def forward(number: int, frame: FrameType | None) -> None:
        if running:
            running[0].send_signal(number)
        else:
            early.append(number)

    # From before the start on: a request that came in between would end us and leave the command running.
    terminate = signal.signal(signal.SIGTERM, forward)
    try:
        try:
            process = subprocess.Popen(list(command), env=environment)
        except OSError as error:
            raise InputError(
                f"the command {command[0]!r} cannot be started: {error.strerror}; check its name"
            ) from error
        # The terminal sends an interrupt to both; the command decides what it does with it, and its end is ours. Only now,
        # since the command would begin with what is ignored here.
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            running.append(process)
            for number in early:
                process.send_signal(number)
            code = process.wait()
        finally:
            signal.signal(signal.SIGINT, interrupt)
    finally:
        signal.signal(signal.SIGTERM, terminate)
    return 128 - code if code < 0 else code


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
