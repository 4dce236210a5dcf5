"""Runs a Django project's commands as a user would: in a process of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from indexical.errors import NotHeld

START_SECONDS = 120.0
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class DjangoProject:
    directory: Path
    url: str
    """Connection URL of its database."""
    settings: str
    variables: Mapping[str, str] = field(default_factory=dict)
    """What its environment has besides."""

    def environment(self) -> dict[str, str]:
        # What the user records elsewhere is not to hold the demo's statements.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("INDEXICAL_")}
        return {
            **inherited,
            **self.variables,
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": self.settings,
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",
            # The bundled project is run where it lies: nothing may be written beside it.
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def manage(self, *arguments: str) -> str:
        """Runs ``manage.py`` and returns what it printed.

        Raises:
            NotHeld: it exited with another status than 0; the message ends with the last line it printed.
        """
        return self.run([sys.executable, "manage.py", *arguments], f"manage.py {arguments[0]}").stdout

    def manage_aloud(self, *arguments: str) -> str:
        """As :meth:`manage`, with what it said on standard error after what it printed."""
        done = self.run([sys.executable, "manage.py", *arguments], f"manage.py {arguments[0]}")
        return done.stdout + done.stderr

    def manage_told(self, *arguments: str) -> tuple[bool, str]:
        """As :meth:`manage`, for a command whose status 1 says that something did not hold: whether all did, and its report."""
        done = self._done([sys.executable, "manage.py", *arguments])
        if done.returncode == 1 and done.stdout.strip():
            return False, done.stdout + done.stderr
        return True, self._checked(done, f"manage.py {arguments[0]}").stdout

    def run(self, command: Sequence[str], what: str) -> subprocess.CompletedProcess[str]:
        """Runs a command in the project's folder; see :meth:`manage`."""
        return self._checked(self._done(command), what)

    def _done(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def _checked(self, done: subprocess.CompletedProcess[str], what: str) -> subprocess.CompletedProcess[str]:
        if done.returncode != 0:
            lines = [
                line for line in (done.stderr.strip() or done.stdout.strip()).splitlines() if line.strip()
            ]
            raise NotHeld(
                f"{what} ended with status {done.returncode}: {lines[-1] if lines else 'it printed nothing'}"
            )
        return done

    @contextmanager
    def serve(self, capture: Path) -> Iterator[str]:
        """Serves the project over HTTP while recording its statements; yields the base URL.

        Raises:
            NotHeld: the server did not come up.
        """
        port = _free_port()
        server = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
        command = [sys.executable, "-m", "indexical", "capture", "-o", str(capture), "--", *server]
        log = capture.with_suffix(".log")
        with log.open("w") as stream:
            process = subprocess.Popen(
                command,
                cwd=self.directory,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
            try:
                _wait_for(port, process, log)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise NotHeld(
                f"the example's web server ended at once: {lines[-1] if lines else 'it printed nothing'}"
            )
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NotHeld(f"the example's web server did not answer within {START_SECONDS:.0f} s; its log is {log}")
