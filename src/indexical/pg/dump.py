"""``pg_dump`` and ``pg_restore``: found, run without showing a password, and asked what an archive holds.

A dump has to be made by a program at least as new as the server (https://www.postgresql.org/docs/18/app-pgdump.html, "Notes").
The password travels in a password file that lives in memory (https://www.postgresql.org/docs/18/libpq-pgpass.html): neither
the argument list, nor the environment, nor the disk has it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from indexical.errors import InputError, PreflightRefused
from indexical.pg.target import Target

_SYSTEM = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
_LOOK_EVERY_S = 0.1
_PATIENCE_S = 5.0
_SAID_LIMIT = 64 * 1024
_ENTRY = re.compile(r"\d+; (\d+) (\d+) (.*)")


@dataclass(frozen=True, slots=True)
class DumpTools:
    """One installation's ``pg_dump`` and ``pg_restore``."""

    dump: Path
    restore: Path
    version: str
    """``18.6``."""
    libraries: str = ""
    """Folder of shared libraries that they need beside their own; empty for none."""

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def environment(self) -> dict[str, str]:
        kept = {**os.environ, "LC_ALL": "C"}
        if self.libraries:
            others = kept.get("LD_LIBRARY_PATH", "")
            kept["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, (self.libraries, others)))
        return kept


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an archive's table of contents."""

    catalog: int
    """Oid of the system catalog that the object is in."""
    oid: int
    text: str
    """``TABLE public orders postgres``."""


def find_tools(server_version: int, named: str = "", more: Sequence[tuple[Path, str]] = ()) -> DumpTools:
    """The programs to dump a server of this ``server_version_num`` with: of its own major version, else of the next one.

    ``named`` is the path of a pg_dump or of its folder; left empty, PATH and the usual folders are looked through. ``more``
    are further folders with the folder of their libraries. Raises :class:`InputError` when ``named`` is no pg_dump, and
    :class:`PreflightRefused` when there is none that is new enough.
    """
    wanted = server_version // 10000
    found = installed(named, more)
    if named and not found:
        raise InputError(
            f"{named!r} is not a pg_dump with a pg_restore beside it; name its path or its folder"
        )
    enough = [tools for tools in found if tools.major >= wanted]
    if enough:
        return min(enough, key=lambda tools: tools.major)
    server = f"{wanted}.{server_version % 10000}"
    newest = max(found, key=lambda tools: tools.major, default=None)
    have = (
        f"the newest pg_dump found, {newest.dump}, is {newest.version}" if newest else "no pg_dump was found"
    )
    raise PreflightRefused(
        f"nothing was changed: no back-up can be made, since the server is PostgreSQL {server} and {have}; install "
        f"pg_dump {wanted} or name one with --pg-dump PATH, or prove another back-up with --backup-evidence"
    )


def installed(named: str = "", more: Sequence[tuple[Path, str]] = ()) -> tuple[DumpTools, ...]:
    """Every pg_dump with a pg_restore beside it, by the arguments of :func:`find_tools`."""
    return tuple(tools for folder, libraries in _folders(named, more) if (tools := _tools(folder, libraries)))


def dump(
    tools: DumpTools,
    target: Target,
    handle: int,
    *,
    options: Sequence[str] = (),
    timeout_s: float,
    on_wait: Callable[[float], None] = lambda _: None,
) -> None:
    """Writes an archive in pg_dump's custom format to an open file.

    ``on_wait`` is called ten times a second with the seconds so far; whatever it raises ends the dump. Raises
    :class:`PreflightRefused` when pg_dump fails or takes longer than ``timeout_s`` seconds. However it ends, the program
    does not outlive the call.
    """
    with _passfile(target.password) as (passfile, descriptors), tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [
                str(tools.dump),
                "--format=custom",
                "--no-password",
                *options,
                f"--dbname={_conninfo(target, passfile)}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=said,
            env=_without_password(tools.environment(), target),
            pass_fds=descriptors,
        )
        begun = time.monotonic()
        try:
            while process.poll() is None:
                passed = time.monotonic() - begun
                if passed > timeout_s:
                    raise _failed(f"pg_dump was not done after {timeout_s:.0f} s", "give it more time")
                on_wait(passed)
                time.sleep(_LOOK_EVERY_S)
        finally:
            _end(process)
        if process.returncode:
            said.seek(0)
            text = said.read(_SAID_LIMIT).decode("utf-8", "replace")
            words = target.scrubbed(_telling_line(text))
            # It tells its own statement; that one only ever waits for others.
            waited = "a table was locked by somebody else for too long, and " if "LOCK TABLE" in text else ""
            raise _failed(f"{waited}pg_dump said: {words}", "correct that")


def listing(tools: DumpTools, path: Path, *, timeout_s: float = 600.0) -> tuple[Entry, ...]:
    """What ``pg_restore --list`` finds in an archive. Raises :class:`PreflightRefused` when it cannot be read as one."""
    try:
        done = subprocess.run(
            [str(tools.restore), "--list", "--", str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=tools.environment(),
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"pg_restore could not list {path} in {timeout_s:.0f} s", "see to the disk") from None
    if done.returncode:
        said = _telling_line(done.stderr.decode("utf-8", "replace"))
        raise _failed(f"pg_restore cannot read {path}: {said}", "make another one")
    found = map(_ENTRY.fullmatch, done.stdout.decode("utf-8", "replace").splitlines())
    return tuple(Entry(int(match[1]), int(match[2]), match[3]) for match in found if match)


def _failed(what: str, remedy: str) -> PreflightRefused:
    return PreflightRefused(
        f"nothing was changed, and no back-up was made: {what}; {remedy}, or prove another back-up with "
        "--backup-evidence, or go without one by --no-backup"
    )


def _folders(named: str, more: Sequence[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    if named:
        path = Path(named).expanduser()
        yield (path if path.is_dir() else path.parent if path.name.startswith("pg_dump") else path), ""
        return
    first = shutil.which("pg_dump")
    # Debian's wrapper goes by its own idea of the server; the programs behind it are found below.
    if first and not Path(first).resolve().name.startswith("pg_wrapper"):
        yield Path(first).resolve().parent, ""
    yield from sorted((folder, "") for pattern in _SYSTEM for folder in Path("/").glob(pattern))
    yield from more


def _tools(folder: Path, libraries: str) -> DumpTools | None:
    programs = (folder / "pg_dump", folder / "pg_restore")
    if not all(program.is_file() and os.access(program, os.X_OK) for program in programs):
        return None
    tools = DumpTools(*programs, version="0", libraries=libraries)
    try:
        done = subprocess.run(
            [str(tools.dump), "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            env=tools.environment(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", done.stdout)
    return DumpTools(*programs, version=match[1], libraries=libraries) if match else None


def _conninfo(target: Target, passfile: str) -> str:
    """Everything but the password; the argument list of a process is for all to see."""
    if target.keywords.get("sslpassword"):
        raise InputError(
            "pg_dump cannot be given the password of a client key without showing it; prove another back-up with "
            "--backup-evidence"
        )
    keywords = {key: value for key, value in target.keywords.items() if key != "password"}
    if passfile:
        keywords["passfile"] = passfile
    return " ".join(f"{key}={_quoted(value)}" for key, value in sorted(keywords.items()))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _without_password(environment: Mapping[str, str], target: Target) -> dict[str, str]:
    """libpq would prefer PGPASSWORD to the file; where the target has no password of its own, it is the one to use."""
    return {key: value for key, value in environment.items() if key != "PGPASSWORD" or not target.password}


@contextmanager
def _passfile(password: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A password file for one program: its path there, and the descriptors that the program has to inherit."""
    if not password:
        yield "", ()
        return
    if "\n" in password or "\r" in password:
        raise InputError(
            "pg_dump's password file cannot hold a password with a line break; prove another back-up with "
            "--backup-evidence"
        )
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    line = f"*:*:*:*:{escaped}\n".encode()
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        handle = os.memfd_create("indexical-pgpass")
        try:
            os.fchmod(handle, 0o600)
            os.write(handle, line)
            yield f"/proc/self/fd/{handle}", (handle,)
        finally:
            os.close(handle)
        return
    handle, path = tempfile.mkstemp(prefix="indexical-pgpass-")
    try:
        os.write(handle, line)
        os.close(handle)
        yield path, ()
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)


def _end(process: subprocess.Popen[bytes]) -> None:
    """pg_dump, when terminated, cancels its query on the server first."""
    if process.poll() is not None:
        return
    try:
        process.terminate()
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _telling_line(said: str) -> str:
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return (telling or lines or ["nothing"])[0]
