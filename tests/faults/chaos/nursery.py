"""Processes of the command line without the time it takes to start one: each is a fork of a process that has loaded it.

A round of chaos starts several, and would otherwise spend most of its time on imports. A fork is a process like any other: it
has its own signals, can be killed, and its end is told by the process that it was forked from.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_PAUSE_S = 0.01


class Nursery:
    """A context manager; everything that still runs is killed at its end."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.chaos.nursery"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self._told = threading.Condition()
        self._born: list[int] = []
        self._ended: dict[int, int] = {}
        self._running: set[int] = set()
        self._listener = threading.Thread(target=self._listen, name="chaos-nursery", daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._listener.join(10)
        for pipe in (self._process.stdin, self._process.stdout):
            # What was still to be written goes with the process.
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()

    def begin(self, words: list[str], folder: Path, out: Path, err: Path) -> int:
        """Starts the command line with these words in a folder; returns the process id."""
        assert self._process.stdin is not None
        line = json.dumps({"words": words, "folder": str(folder), "out": str(out), "err": str(err)})
        with self._told:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            assert self._told.wait_for(lambda: self._born, 30), "nothing was started"
            pid = self._born.pop()
            self._running.add(pid)
        return pid

    def code(self, pid: int) -> int | None:
        """As a shell gives it: 128 and the signal's number for one that was killed; None while it runs."""
        return self._ended.get(pid)

    def wait(self, pid: int, timeout: float) -> int | None:
        with self._told:
            self._told.wait_for(lambda: pid in self._ended, timeout)
        return self.code(pid)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            news: dict[str, int] = json.loads(line)
            with self._told:
                if "born" in news:
                    self._born.append(news["born"])
                else:
                    self._ended[news["pid"]] = news["code"]
                    self._running.discard(news["pid"])
                self._told.notify_all()


class Child:
    """One of them, with what :class:`tests.faults.harness.Tool` offers."""

    def __init__(self, nursery: Nursery, folder: Path, number: int, *words: object) -> None:
        self._nursery = nursery
        self._out, self._err = folder / f"out-{number}.txt", folder / f"err-{number}.txt"
        self.pid = nursery.begin([str(word) for word in words], folder, self._out, self._err)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            self._nursery.wait(self.pid, 10)

    @property
    def out(self) -> str:
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        return self._err.read_text(encoding="utf-8", errors="replace")

    @property
    def code(self) -> int | None:
        return self._nursery.code(self.pid)

    def kill(self, how: int) -> None:
        if self.code is None:
            os.kill(self.pid, how)

    def wait(self, timeout: float) -> int:
        code = self._nursery.wait(self.pid, timeout)
        assert code is not None, f"the tool did not end within {timeout:g} s: {self.out}{self.err}"
        return code


def _bear(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    os.chdir(order["folder"])
    for path, descriptor in ((order["out"], 1), (order["err"], 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from indexical.cli import main

    code = 1
    try:
        code = main(order["words"])
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        if sys.exc_info()[0] is not None:
            sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _tell(**news: int) -> None:
    os.write(1, (json.dumps(news) + "\n").encode())


def serve() -> None:
    """The process that the others are forked from; it ends with its standard input."""
    import indexical.cli  # noqa: F401 - once, for all that are to come

    rest = b""
    while True:
        if select.select([0], [], [], _PAUSE_S)[0]:
            read = os.read(0, 65536)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                _tell(born=_bear(json.loads(line)))
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            continue
        if pid:
            code = os.waitstatus_to_exitcode(status)
            _tell(pid=pid, code=code if code >= 0 else 128 - code)


if __name__ == "__main__":
    serve()
