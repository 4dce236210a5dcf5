"""A private PostgreSQL server: no network, a socket of its own, nothing left behind.

It is meant for data that can be made again: it does not sync files. A server whose owner was killed is found by the next
one that starts, stopped and removed, when it is provably one of ours: our folder's name, our owner file, and a process
that runs in that very data directory.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from indexical.errors import EngineFailed
from indexical.twin.engine import Engine, reachable
from indexical.twin.processes import ends_within, is_alive, runs_in, started_at
from indexical.twin.storage import copy_sparsely

_PREFIX = "indexical-pg-"
_OWNER = "owner.json"
_PORT = 5432
_SOCKET_LIMIT = 107
"""Bytes of a Unix socket's path that every platform takes."""
_START_SECONDS = 60.0


class PrivateServer:
    """A server of one's own, as a context manager. Its superuser is ``postgres``, without a password, on its socket only.

    ``directory`` keeps the data there after the end; without one everything is temporary. ``settings`` go to
    ``postgresql.conf``. ``locale`` holds initdb's options for it. ``template`` is the data directory of another server to begin
    with a copy of.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        directory: Path | None = None,
        settings: Mapping[str, str] | None = None,
        shared_buffers: str = "64MB",
        locale: Sequence[str] = ("--locale=C.UTF-8",),
        checksums: bool = False,
        template: Path | None = None,
    ) -> None:
        self.engine = engine
        self._template = template
        self.kept = directory is not None
        # The server has a working directory of its own, where a relative path would lead elsewhere.
        self._given = directory.absolute() if directory is not None else None
        self._settings = {"shared_buffers": shared_buffers, **(settings or {})}
        self._locale = locale
        self._checksums = checksums
        self._home: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def data_directory(self) -> Path:
        if self._given is not None:
            return self._given / "data"
        return self._running_home() / "data"

    @property
    def socket_directory(self) -> Path:
        return self._running_home()

    def url(self, database: str = "postgres", *, user: str = "postgres") -> str:
        place = quote(str(self.socket_directory), safe="/")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={place}&port={_PORT}"

    def copy(self) -> PrivateServer:
        """Another server, not yet started, that begins as this one is. It must rest, and have made a checkpoint."""
        return PrivateServer(
            self.engine, settings=self._settings, shared_buffers=self._settings["shared_buffers"],
            locale=self._locale, checksums=self._checksums, template=self.data_directory,
        )  # fmt: skip

    def start(self) -> None:
        """Makes the cluster if there is none yet, and starts it.

        Raises :class:`EngineFailed` with what the server said.
        """
        if self._process is not None:
            return
        remove_leftovers()
        if self._given is not None:
            self._prepare_given(self._given)
        self._home = self._make_home()
        atexit.register(self.stop)
        try:
            if self._template is not None:
                copy_sparsely(self._template, self.data_directory, self.engine)
            elif not (self.data_directory / "PG_VERSION").exists():
                self._initialise()
            else:
                self._take_over()
            self._write_settings()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the server at once and removes what is temporary. Safe to call twice."""
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            # Fast for data that is kept; immediate for data that goes anyway.
            process.send_signal(signal.SIGINT if self.kept else signal.SIGQUIT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._home is not None:
            if self._given is not None:
                with contextlib.suppress(OSError):
                    (self._given / _OWNER).unlink()
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def _running_home(self) -> Path:
        if self._home is None:
            raise EngineFailed("the private PostgreSQL server has not been started")
        return self._home

    def _make_home(self) -> Path:
        home = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_temporary()))
        if self.engine.user:
            os.chown(home, self.engine.uid, self.engine.gid)
        data = (self._given or home) / "data"
        owner = {"pid": os.getpid(), "started": started_at(os.getpid()), "data": str(data)}
        for folder in (home, self._given):
            if folder is not None:
                (folder / _OWNER).write_text(json.dumps(owner), encoding="utf-8")
        return home

    def _prepare_given(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_if_in_use(directory)
        if self.engine.user:
            if not reachable(directory.resolve().parent, self.engine.uid, self.engine.gid):
                raise EngineFailed(
                    f"{directory} cannot be reached by the user {self.engine.user}, as which PostgreSQL has to run;"
                    " choose another folder"
                )
            os.chown(directory, self.engine.uid, self.engine.gid)

    def _initialise(self) -> None:
        words = [
            self.engine.program("initdb"), "-D", str(self.data_directory), "-U", "postgres", "-A", "trust", "--no-sync",
            "--encoding=UTF8", *self._locale,
        ]  # fmt: skip
        if self.engine.major >= 18:
            words.append("--data-checksums" if self._checksums else "--no-data-checksums")
        try:
            done = self._run(words)
        except (OSError, subprocess.SubprocessError) as error:
            raise EngineFailed(f"the private PostgreSQL could not be set up: {error}") from None
        if done.returncode:
            raise EngineFailed(f"the private PostgreSQL could not be set up: {_telling_line(done.stderr)}")

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        options: dict[str, Any] = dict(self.engine.identity())
        return subprocess.run(
            words, capture_output=True, text=True, errors="replace", env=self.engine.environment(),
            cwd=self._running_home(), check=False, timeout=120, **options,
        )  # fmt: skip

    def _take_over(self) -> None:
        """Stops a server that a killed predecessor left on a kept directory."""
        _stop_postmaster(self.data_directory)

    def _write_settings(self) -> None:
        fixed = {
            "listen_addresses": "",
            "port": str(_PORT),
            "unix_socket_directories": str(self.socket_directory),
            "unix_socket_permissions": "0700",
            # Commits stay synchronous: an asynchronous one leaves rows that VACUUM cannot call visible to all yet.
            "fsync": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_connections": "40",
            "logging_collector": "off",
            "timezone": "UTC",
        }
        lines = [f"{name} = '{_escaped(value)}'" for name, value in {**fixed, **self._settings}.items()]
        target = self.data_directory / "indexical.conf"
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if self.engine.user:
            os.chown(target, self.engine.uid, self.engine.gid)
        main = self.data_directory / "postgresql.conf"
        if "include = 'indexical.conf'" not in main.read_text(encoding="utf-8"):
            with main.open("a", encoding="utf-8") as file:
                file.write("\ninclude = 'indexical.conf'\n")

    def _launch(self) -> None:
        log = self._running_home() / "server.log"
        options: dict[str, Any] = dict(self.engine.identity())
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [self.engine.program("postgres"), "-D", str(self.data_directory)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.engine.environment(),
                cwd=self.data_directory, start_new_session=True, **options,
            )  # fmt: skip
        deadline = time.monotonic() + _START_SECONDS
        while not self._ready():
            if self._process.poll() is not None:
                said = _telling_line(log.read_text(encoding="utf-8", errors="replace"))
                raise EngineFailed(f"the private PostgreSQL did not start: {said}")
            if time.monotonic() > deadline:
                raise EngineFailed(f"the private PostgreSQL did not start within {_START_SECONDS:.0f} s")
            time.sleep(0.01)

    def _ready(self) -> bool:
        """The eighth line of ``postmaster.pid`` says how far the server is."""
        try:
            lines = (self.data_directory / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        mine = bool(lines) and self._process is not None and lines[0] == str(self._process.pid)
        return mine and len(lines) > 7 and lines[7].strip() == "ready"


def remove_leftovers() -> None:
    """Stops and removes the temporary servers whose owner is no more."""
    for home in sorted(_temporary().glob(f"{_PREFIX}*")):
        owner = _owner(home)
        if owner is None or _lives(owner):
            continue
        if owner["data"] == str(home / "data"):
            with contextlib.suppress(EngineFailed):
                _stop_postmaster(home / "data")
                shutil.rmtree(home, ignore_errors=True)
        else:
            # The data of this one is kept elsewhere: only its socket folder goes.
            shutil.rmtree(home, ignore_errors=True)


def _refuse_if_in_use(directory: Path) -> None:
    owner = _owner(directory)
    if owner is not None and _lives(owner) and owner["pid"] != os.getpid():
        raise EngineFailed(
            f"{directory} is in use by process {owner['pid']}; wait for its end or choose another folder"
        )


def _owner(home: Path) -> dict[str, Any] | None:
    """Who made the folder; None when it is not one of ours or not readable as such."""
    try:
        if home.is_symlink():
            return None
        found = json.loads((home / _OWNER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("pid"), int)
        or not isinstance(found.get("data"), str)
    ):
        return None
    return found


def _lives(owner: Mapping[str, Any]) -> bool:
    return is_alive(owner["pid"]) and started_at(owner["pid"]) == owner.get("started")


def _stop_postmaster(data: Path) -> None:
    """Ends the server of a data directory, if one runs there and is provably that one."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if not is_alive(pid) or not runs_in(pid, data):
        return
    try:
        os.kill(pid, signal.SIGQUIT)
    except OSError as error:
        raise EngineFailed(
            f"a server left in {data} (process {pid}) could not be stopped: {error.strerror}"
        ) from None
    if not ends_within(pid, 10.0):
        raise EngineFailed(f"a server left in {data} (process {pid}) does not stop; end it by hand")


def _temporary() -> Path:
    """The folder for temporary files, or /tmp where its path would make a socket's too long."""
    folder = Path(tempfile.gettempdir()).resolve()
    longest = folder / f"{_PREFIX}xxxxxxxx" / f".s.PGSQL.{_PORT}"
    return folder if len(os.fsencode(longest)) <= _SOCKET_LIMIT else Path("/tmp")  # noqa: S108


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _telling_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return telling[0] if telling else (lines or ["it said nothing"])[-1]
