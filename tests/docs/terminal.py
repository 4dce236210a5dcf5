"""A reader's terminal: runs the commands of a page one after the other in one folder and compares what they print."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.docs.pages import Command, File

_SECONDS = 600
_ANY = "…"
_RUN = """(exit "$LAST_CODE")
{command}
code=$?
env -0 > "$STATE/environment"
pwd > "$STATE/folder"
exit $code
"""
_DOCTEST = """
import django, doctest, sys
django.setup()
failed, tried = doctest.testfile(sys.argv[1], module_relative=False, optionflags=doctest.ELLIPSIS)
sys.exit(bool(failed or not tried))
"""
_NORMAL = (
    (re.compile(r"cd \S+ && \S+/indexical"), "cd # && indexical"),
    (re.compile(r"postgresql://[^\s']+"), "postgresql://#"),
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"─+"), "─"),
    # Times, sizes, ids, hashes: what differs from run to run. What is left must be the same.
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b"), "#"),
    (re.compile(r"\d[\d,.:]*"), "#"),
    (re.compile(r"/tmp/[\w./-]+"), "/tmp/#"),
    (re.compile(r"\s+"), " "),
)


class DocumentationWrong(AssertionError):
    """A page says what does not happen."""


@dataclass(slots=True)
class Terminal:
    """A context manager; what still runs in the background is ended with it."""

    folder: Path
    state: Path
    """A folder of its own for what a shell leaves to the next."""
    environment: dict[str, str]
    code: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    """Exit codes other than 0 that commands are to end with, by regular expressions."""
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, state: Path, environment: Mapping[str, str]) -> Self:
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PG", "DJANGO", "INDEXICAL"))
        }
        own = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", "A reader"), ("EMAIL", "reader@example.com"))},
        }  # fmt: skip
        return cls(folder, state, {**kept, **own, **environment})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            end(process)

    def follow(self, steps: Sequence[Command | File]) -> None:
        """Does what a page says. A command may fail only where the next one is ``echo $?`` with the code after it.

        Raises :class:`DocumentationWrong` with the place, and what was said instead.
        """
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            if isinstance(step, File):
                self.write(step)
            elif step.background:
                self.start(step)
            else:
                output = self.converse(step) if step.session else self.run(step.text)
                asked = isinstance(following, Command) and following.text == "echo $?"
                due = next((code for text, code in self.codes.items() if re.fullmatch(text, step.text)), 0)
                if self.code != due and not asked:
                    raise DocumentationWrong(f"{step}\nended with {self.code} and said:\n{output}")
                compare(step, output)

    def write(self, file: File) -> None:
        path = self.folder / file.path
        if file.added and not path.exists():
            raise DocumentationWrong(f"{file.page}:{file.line}: there is no {file.path} to add to")
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if file.added else ""
        path.write_text(before + file.text, encoding="utf-8")

    def run(self, text: str) -> str:
        """What the command printed on both streams; its exit code is in ``code``."""
        script = _RUN.format(command=text)
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self.environment, "LAST_CODE": str(self.code), "STATE": str(self.state)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=_SECONDS, check=False,
        )  # fmt: skip
        self.code = done.returncode
        self._keep()
        return done.stdout

    def converse(self, session: Command) -> str:
        """Holds the conversation with the page's project, and compares each answer as doctest does."""
        (self.state / "session.txt").write_text(session.text + "\n", encoding="utf-8")
        return self.run(
            f"DJANGO_SETTINGS_MODULE=config.settings python -c '{_DOCTEST}' {self.state}/session.txt"
        )

    def _keep(self) -> None:
        """The folder and the exported variables are those of the next command too."""
        told = (self.state / "environment").read_text(encoding="utf-8").split("\0")
        pairs = (item.split("=", 1) for item in told if "=" in item)
        self.environment = {
            key: value
            for key, value in pairs
            if key not in ("STATE", "LAST_CODE", "_", "SHLVL", "PWD", "OLDPWD")
        }
        self.folder = Path((self.state / "folder").read_text(encoding="utf-8").rstrip("\n"))

    def start(self, command: Command) -> subprocess.Popen[str]:
        """Starts it and waits until it has printed what the page shows."""
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command.text}"],
            cwd=self.folder, env=self.environment, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        self._started.append(process)
        if not command.printed:
            raise DocumentationWrong(f"{command}\nshows nothing by which a reader knows that it is ready")
        said = _read_until(process, command.printed[-1])
        compare(command, said)
        return process


def _read_until(process: subprocess.Popen[str], line: str) -> str:
    """What a process says up to a line that reads like the one given, or to its end."""
    said, deadline = "", time.monotonic() + _SECONDS
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while normal(line) not in map(normal, said.splitlines()):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                break
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            said += piece.decode("utf-8", "replace")
    return said


def end(process: subprocess.Popen[str]) -> int:
    """Ends a process and all that it started, as Ctrl-C does; returns its exit code."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    return process.returncode


def normal(line: str) -> str:
    for pattern, replacement in _NORMAL:
        line = pattern.sub(replacement, line)
    return line.strip()


def _same(shown: str, said: str) -> bool:
    """A ``…`` within a line stands for anything in it."""
    return shown == said or (
        _ANY in shown and bool(re.fullmatch(".*".join(map(re.escape, shown.split(_ANY))), said))
    )


def compare(command: Command, output: str) -> None:
    """Every line that the page shows is printed, in that order; a gap in between has to be shown as ``…``.

    What differs from run to run (figures, times, ids, places) is not compared. Raises :class:`DocumentationWrong`.
    """
    if command.text == "echo $?":
        exact = [line.strip() for line in output.splitlines()]
        if exact != list(command.printed):
            raise DocumentationWrong(f"{command}\nsays {command.printed}, and the exit code is {exact}")
        return
    said = [normal(line) for line in output.splitlines() if line.strip()]
    at, may_skip = 0, False
    for number, line in enumerate(command.printed):
        if line.strip() == _ANY:
            may_skip = True
            continue
        places = [place for place in range(at, len(said)) if _same(normal(line), said[place])]
        if not places or (places[0] > at and number and not may_skip):
            raise DocumentationWrong(
                f"{command}\ndoes not print, at its place:\n{line}\nIt printed:\n{output}"
            )
        at, may_skip = places[0] + 1, False
