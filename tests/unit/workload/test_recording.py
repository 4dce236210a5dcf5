"""Running a command under capture."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from indexical.errors import InputError, WorkloadEmpty
from indexical.workload.recording import record

_WRITES = "import os; open(os.environ['INDEXICAL_CAPTURE'], 'a').write('x'); raise SystemExit({code})"


def test_the_command_is_told_the_absolute_path_and_its_exit_code_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert record([sys.executable, "-c", _WRITES.format(code=0)], Path("out.jsonl")) == 0
    assert (tmp_path / "out.jsonl").read_text() == "x"
    assert record([sys.executable, "-c", _WRITES.format(code=3)], Path("out.jsonl")) == 3
    assert "INDEXICAL_CAPTURE" not in os.environ


def test_a_command_that_captured_nothing_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WorkloadEmpty, match="INSTALLED_APPS"):
        record([sys.executable, "-c", "pass"], tmp_path / "out.jsonl")


def test_a_command_that_fails_is_not_blamed_for_capturing_nothing(tmp_path: Path) -> None:
    assert record([sys.executable, "-c", "raise SystemExit(9)"], tmp_path / "out.jsonl") == 9


@pytest.mark.parametrize(
    ("command", "output", "why"),
    [
        ([], "out.jsonl", "no command"),
        (["/nowhere/at/all"], "out.jsonl", "cannot be started"),
        ([sys.executable], "missing/out.jsonl", "does not exist"),
    ],
)
def test_what_cannot_be_run_is_refused(tmp_path: Path, command: list[str], output: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        record(command, tmp_path / output)


def test_a_termination_is_passed_on_to_the_command(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    command = (
        "import os, signal, time\n"
        "def end(*_):\n    open(os.environ['INDEXICAL_CAPTURE'], 'a').write('ended'); raise SystemExit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "open(os.environ['INDEXICAL_CAPTURE'], 'a').write('begun ')\n"
        "time.sleep(30)\n"
    )

    def terminate() -> None:
        while not output.exists() or not output.read_text():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    waiting = threading.Thread(target=terminate)
    waiting.start()
    assert record([sys.executable, "-c", command], output) == 0
    waiting.join()
    assert output.read_text() == "begun ended"


def test_a_request_to_stop_that_comes_while_the_command_starts_reaches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    before = signal.getsignal(signal.SIGTERM)

    class Starting(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **options: Any) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            super().__init__(command, **options)
            started.append(self)

    monkeypatch.setattr("indexical.workload.recording.subprocess.Popen", Starting)
    code = record([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "out.jsonl")
    assert code == 128 + signal.SIGTERM
    assert started[0].returncode == -signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before
