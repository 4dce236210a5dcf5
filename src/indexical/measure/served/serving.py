"""Serves a WSGI project as production does: gunicorn, sync workers, a private port of this machine.

The port is bound here and handed over, so nobody can take it in between, and requests that come early wait instead of
being refused.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from indexical.errors import ExtraMissing, NotHeld

START_SECONDS = 60.0
STOP_SECONDS = 20.0
WORKERS = 2


@contextmanager
def serve(
    application: str = "config.wsgi:application",
    *,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    workers: int = WORKERS,
    log: Path | None = None,
) -> Iterator[str]:
    """Serves the application of a folder; yields the base URL, and ends the server afterwards, also on an error.

    Args:
        application: ``module:attribute`` of the WSGI application.
        environment: the whole environment; left out, this process's own.
        log: a file for what the server says; left out, it is only kept for an error's message.

    Raises:
        ExtraMissing: gunicorn is not installed.
        NotHeld: the server did not come up; the message ends with the last line it printed.
    """
    if find_spec("gunicorn") is None:
        raise ExtraMissing("the web server gunicorn", "load")
    with contextlib.ExitStack() as stack:
        if log is None:
            log = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="indexical-serve-")))
                / "server.log"
            )
        process, port = _launch(application, directory, environment, workers, log)
        try:
            _wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(process)


def _launch(
    application: str, directory: Path, environment: Mapping[str, str] | None, workers: int, log: Path
) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as listener, log.open("wb") as stream:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        command = [
            *(sys.executable, "-m", "gunicorn", application, "--bind", f"fd://{listener.fileno()}"),
            *(
                "--workers",
                str(workers),
                "--worker-class",
                "sync",
                "--timeout",
                "120",
                "--log-level",
                "warning",
            ),
            *_without_control(),
        ]
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            pass_fds=(listener.fileno(),),
            start_new_session=True,
        )
        return process, int(listener.getsockname()[1])


def _without_control() -> tuple[str, ...]:
    """Newer gunicorns open a socket in the home directory to be steered by; nobody steers this one."""
    settings = import_module("gunicorn.config").KNOWN_SETTINGS
    known = any(setting.name == "control_socket_disable" for setting in settings)
    return ("--no-control-socket",) if known else ()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits for the first answer, whatever its status."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotHeld(f"the web server ended at once: {_last_line(log)}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2.0)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise NotHeld(f"the web server did not answer within {START_SECONDS:.0f} s: {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = [
        line.strip()
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.strip()
    ]
    telling = [line for line in lines if "Error" in line or "error" in line]
    return (telling or lines or ["it printed nothing"])[-1]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
