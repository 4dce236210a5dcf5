"""The load generator's process, seen from the one that starts it; see :mod:`.generator` for what it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from select import select
from types import TracebackType
from typing import Self

from indexical.errors import NotHeld
from indexical.measure.served.sending import ANSWER_SECONDS
from indexical.measure.served.throughput import Played

_START_SECONDS = 120.0
_STOP_SECONDS = 20.0


class Generator:
    """Locust in a process of its own, as a context manager.

    ``seed`` decides the order of the requests; ``writes`` is whether those that write are sent.
    """

    def __init__(self, base_url: str, requests_file: Path, *, seed: int = 1, writes: bool = False) -> None:
        self._command = [
            *(
                sys.executable,
                "-m",
                "indexical.measure.served.generator",
                base_url,
                str(requests_file.resolve()),
            ),
            *(str(seed), "yes" if writes else "no"),
        ]
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="indexical-load-")
        try:
            with (Path(self._folder.name) / "log").open("w", encoding="utf-8") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    encoding="utf-8",
                    env={**os.environ, "PYTHONIOENCODING": "utf-8"},
                )
            self._wait("ready", _START_SECONDS)
        except BaseException:
            self._end(kill=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(kill=error is not None)

    def play(self, users: int, seconds: float) -> Played:
        """Lets so many users work for so long.

        Raises:
            NotHeld: the load generator failed.
        """
        process, folder = self._running()
        output = Path(folder) / "played.json"
        output.unlink(missing_ok=True)
        order = {"users": users, "seconds": seconds, "output": str(output)}
        if process.stdin is not None:
            try:
                process.stdin.write(json.dumps(order) + "\n")
                process.stdin.flush()
            except OSError:
                raise self._failed() from None
        # Whoever waits for an answer at the end of the play has as long as that takes at most.
        self._wait("done", seconds + 2 * ANSWER_SECONDS + _STOP_SECONDS)
        return _read(output)

    def _wait(self, word: str, seconds: float) -> None:
        process, _ = self._running()
        if process.stdout is None or not select([process.stdout], [], [], seconds)[0]:
            raise NotHeld(f"the load generator said nothing for {seconds:.0f} s; {self._last_line()}")
        line = process.stdout.readline()
        if f'"{word}"' not in line:
            raise self._failed()

    def _failed(self) -> NotHeld:
        return NotHeld(f"the load generator ended; {self._last_line()}")

    def _last_line(self) -> str:
        log = Path(self._running()[1]) / "log"
        lines = [
            line.strip()
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
            if line.strip()
        ]
        return f"the last it said: {lines[-1]}" if lines else "it printed nothing"

    def _running(self) -> tuple[subprocess.Popen[str], str]:
        if self._process is None or self._folder is None:
            raise NotHeld("the load generator has not been started")
        return self._process, self._folder.name

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is not None:
            if kill:
                process.kill()
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()


def _read(path: Path) -> Played:
    document = json.loads(path.read_text(encoding="utf-8"))
    answers = {
        name: [(float(took), float(ended)) for took, ended in found]
        for name, found in document["answers"].items()
    }
    return Played(float(document["seconds"]), answers, document["failures"], float(document["cpu_s"]))
