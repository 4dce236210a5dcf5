"""Servers that tests may crash, stop, reconfigure and copy."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from indexical.twin.engine import Engine
from indexical.twin.server import PrivateServer

PASSWORD = "canary-password-Q7x"
"""In every URL, although these servers trust everybody: a password that is asked for by nobody must show up nowhere."""

SHARED = {
    "autovacuum": "off",
    "jit": "off",
    "max_prepared_transactions": "5",
    "max_connections": "60",
    "log_lock_waits": "off",
}
OWN = {
    **SHARED,
    "fsync": "on",
    "wal_level": "replica",
    "max_wal_senders": "5",
    "max_replication_slots": "5",
    "shared_buffers": "32MB",
}
"""What survives a crash must be what really reached the disk."""


class Cluster:
    """A running server of one major version.

    The first start is the private server's own; after that the postmaster is ours, so that it can be killed and started anew on
    the same data.
    """

    def __init__(
        self,
        engine: Engine,
        data: Path,
        sockets: Path,
        *,
        port: int = 5432,
        server: PrivateServer | None = None,
    ):
        self.engine = engine
        self.major = engine.major
        self.data = data
        self.sockets = sockets
        self.port = port
        self.server = server
        self._process: subprocess.Popen[bytes] | None = None
        self.log = sockets / f"server-{port}.log" if server is None else sockets / "server.log"

    def url(self, database: str = "postgres", *, user: str = "postgres") -> str:
        host = quote(str(self.sockets), safe="/")
        return f"postgresql://{user}:{PASSWORD}@/{quote(database, safe='')}?host={host}&port={self.port}"

    def open(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A plain connection of the harness's own, outside everything under test."""
        return psycopg.connect(self.url(database), autocommit=True, application_name="harness")

    @property
    def settings(self) -> dict[str, str]:
        with self.open() as connection:
            return dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())  # type: ignore[arg-type]

    @property
    def pid(self) -> int:
        """The postmaster's process id; 0 when there is none."""
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return 0

    @property
    def running(self) -> bool:
        try:
            with self.open() as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def set(self, **settings: str) -> None:
        """ALTER SYSTEM, and a reload or, where a setting asks for one, a restart."""
        with self.open() as connection:
            for name, value in settings.items():
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), value))
            before = _first(connection, "SELECT pg_conf_load_time()")
            connection.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with self.open() as connection:
                if _first(connection, "SELECT pg_conf_load_time()") != before:
                    # The flag is set by the reload; a session that came after it sees it.
                    pending = _first(connection, "SELECT count(*) FROM pg_settings WHERE pending_restart")
                    break
            time.sleep(0.02)
        else:
            raise AssertionError("the server did not read its settings again")
        if pending:
            self.restart()

    def crash(self) -> None:
        """Kills the postmaster with SIGKILL and waits until every process of it is gone."""
        pid = self.pid
        assert pid, "there is no server to crash"
        # Held still first: a process that it started after we had looked for them would keep the shared memory, and with it
        # the next server from starting.
        os.kill(pid, signal.SIGSTOP)
        while _state(pid) not in ("T", "Z", ""):
            time.sleep(0.001)
        children = _children(pid)
        os.kill(pid, signal.SIGKILL)
        self._reap(pid)
        deadline = time.monotonic() + 5
        for child in children:
            while _alive(child):
                if time.monotonic() > deadline:
                    # A backend in the middle of computing does not look whether its postmaster lives.
                    with suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                time.sleep(0.02)

    def start(self) -> None:
        """Starts the server again and waits until it lets sessions in; one that is coming up by itself is only waited for."""
        deadline = time.monotonic() + 60
        while not self._ended(self.pid) and time.monotonic() < deadline:
            if self.running:
                return
            time.sleep(0.02)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [self.engine.program("postgres"), "-D", str(self.data), "-c", f"port={self.port}"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.engine.environment(),
                cwd=self.data, start_new_session=True, **self.engine.identity(),
            )  # type: ignore[call-overload]  # fmt: skip
        self.wait_ready()

    def wait_ready(self, timeout: float = 90.0) -> None:
        """Waits until the server answers, after a crash of one of its processes say."""
        deadline = time.monotonic() + timeout
        while not self.running:
            if time.monotonic() > deadline or (
                self._process is not None and self._process.poll() is not None
            ):
                raise AssertionError(f"the server does not come up: {self.log.read_text()[-600:]}")
            time.sleep(0.05)

    def stop(self, mode: str = "fast") -> None:
        pid = self.pid
        if not self._ended(pid):
            stops = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
            os.kill(pid, stops[mode])
            self._reap(pid)

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    def kill_backend(self, pid: int) -> None:
        """Kills one server process with SIGKILL, as a machine short of memory does; all sessions end with it.

        Afterwards the postmaster knows: whoever connects comes to a server that is recovering, or has recovered.
        """
        assert pid in _children(self.pid), f"{pid} is no process of this server"
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while _state(pid):
            assert time.monotonic() < deadline, f"the postmaster takes no note of the end of {pid}"
            time.sleep(0.002)

    def pg_ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """``pg_ctl -D DATA words...``"""
        return self.program("pg_ctl", "-D", str(self.data), *words)

    def program(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of the installation as the user the server runs as."""
        return subprocess.run(
            [self.engine.program(name), *words], capture_output=True, text=True, env=self.engine.environment(),
            cwd=self.sockets, check=False, timeout=180, **self.engine.identity(),
        )  # type: ignore[call-overload,no-any-return]  # fmt: skip

    def _reap(self, pid: int, timeout: float = 60.0) -> None:
        deadline = time.monotonic() + timeout
        while not self._ended(pid):
            if time.monotonic() > deadline:
                raise AssertionError(f"the postmaster {pid} does not end")
            time.sleep(0.01)
        self._process = None

    def _ended(self, pid: int) -> bool:
        """Whether this postmaster is no more, or never was."""
        if pid and _ours(pid):
            # Our own child stays a zombie until it is waited for, and would keep its data directory.
            if self._process is not None and self._process.pid == pid:
                self._process.poll()
            else:
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
        return not _alive(pid)


@contextmanager
def standby(primary: Cluster, *settings: str) -> Iterator[Cluster]:
    """A streaming standby of a server; ``settings`` are more ``name=value`` of its own."""
    folder = Path(tempfile.mkdtemp(prefix="standby-", dir=primary.sockets))
    if primary.engine.user:
        os.chown(folder, primary.engine.uid, primary.engine.gid)
    data = folder / "data"
    taken = primary.program(
        "pg_basebackup", "-D", str(data), "-R", "-X", "stream", "-c", "fast", "-h", str(primary.sockets),
        "-p", str(primary.port), "-U", "postgres",
    )  # fmt: skip
    assert taken.returncode == 0, taken.stderr
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in (each.split("=", 1) for each in settings))
    copy = Cluster(primary.engine, data, primary.sockets, port=primary.port + 1)
    try:
        copy.start()
        yield copy
    finally:
        copy.stop("immediate")


def promote(copy: Cluster) -> None:
    """Makes a standby a primary and waits until it takes writes."""
    with copy.open() as connection:
        connection.execute("SELECT pg_promote(true)")
        assert _first(connection, "SELECT pg_is_in_recovery()") is False


def _first(connection: psycopg.Connection[tuple[object, ...]], query: str) -> object:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _alive(pid: int) -> bool:
    """Whether the process runs; one of ours that has ended counts until we have taken note of it."""
    state = _state(pid)
    return state not in ("", "Z") or (state == "Z" and _ours(pid))


def _state(pid: int) -> str:
    """The process's state as one letter, ``T`` for stopped and ``Z`` for ended and not taken note of; empty for none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def _ours(pid: int) -> bool:
    """Whether the process is a child of this one."""
    try:
        return f"\nPPid:\t{os.getpid()}\n" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _children(pid: int) -> tuple[int, ...]:
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            if f"\nPPid:\t{pid}\n" in status.read_text():
                found.append(int(status.parent.name))
    return tuple(sorted(found))
