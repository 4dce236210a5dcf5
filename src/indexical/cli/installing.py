"""Installing and removing what ``schedule`` has made: by the programs that own it, and never more than bears our mark."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from indexical.cli.schedules import (
    PG_CRON_COMMAND,
    Task,
    is_ours,
    service_unit,
    timer_unit,
    with_block,
    without_block,
)
from indexical.errors import DatabaseError, FileRefused, InputError
from indexical.pg.queries import load
from indexical.pg.session import Session, connect

_PATIENCE_S = 30


def crontab_installed(task: Task) -> str:
    """Puts the entry into our user's crontab. Raises :class:`InputError` and :class:`FileRefused`."""
    before = _crontab()
    after = with_block(before, task)
    if after == before:
        return f"{task.name} is in the crontab already, as it is to be"
    _run(["crontab", "-"], after)
    return f"{task.name} is in the crontab of this user; take it away with: schedule --remove"


def crontab_removed(name: str) -> str:
    before = _crontab()
    after = without_block(before, name)
    if after == before:
        return f"{name} is not in the crontab of this user; nothing was changed"
    _run(["crontab", "-"], after)
    return f"{name} was taken out of the crontab; the rest of it is as it was"


def _crontab() -> str:
    done = _begun(["crontab", "-l"])
    if done.returncode == 0:
        return done.stdout
    if "no crontab" in done.stderr.lower() or not done.stderr.strip():
        return ""
    raise InputError(f"the crontab cannot be read: {' '.join(done.stderr.split())[:200]}")


def unit_folder(given: str | None) -> Path:
    """Where units of ours are kept."""
    if given:
        return Path(given).absolute()
    if os.geteuid() == 0:
        return Path("/etc/systemd/system")
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "systemd" / "user"


def units_installed(task: Task, folder: Path) -> str:
    """Writes both units and starts the timer where systemd runs.

    Raises :class:`FileRefused` when somebody else's unit bears the name.
    """
    units = {f"{task.name}.service": service_unit(task), f"{task.name}.timer": timer_unit(task)}
    for name in units:
        _refuse_strange(folder / name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileRefused(
            f"the units cannot be written to {folder}: {error.strerror}; choose another --unit-folder"
        ) from None
    told = _systemctl(folder, ["enable", "--now", f"{task.name}.timer"])
    return f"{', '.join(sorted(units))} are in {folder}; {told}"


def units_removed(name: str, folder: Path) -> str:
    """Stops the timer and deletes both units. Raises :class:`FileRefused` when they are somebody else's."""
    found = [folder / f"{name}{kind}" for kind in (".timer", ".service")]
    found = [path for path in found if path.exists() or path.is_symlink()]
    for path in found:
        _refuse_strange(path)
    if not found:
        return f"there is no {name} in {folder}; nothing was changed"
    told = _systemctl(folder, ["disable", "--now", f"{name}.timer"])
    try:
        for path in found:
            path.unlink()
    except OSError as error:
        raise FileRefused(f"the units in {folder} cannot be deleted: {error.strerror}") from None
    _systemctl(folder, [])
    return f"{', '.join(path.name for path in found)} were deleted from {folder}; {told}"


def _refuse_strange(path: Path) -> None:
    if path.is_symlink():
        raise FileRefused(f"{path} is a link and so not ours; nothing was changed, give another --name")
    try:
        if path.exists() and not is_ours(path.read_text(encoding="utf-8")):
            raise FileRefused(
                f"{path} was not written by this program; nothing was changed, give another --name"
            )
    except (OSError, UnicodeDecodeError):
        raise FileRefused(f"{path} cannot be read; nothing was changed, give another --name") from None


def _systemctl(folder: Path, words: Sequence[str]) -> str:
    """Tells systemd, where it runs and the units lie where it looks."""
    scope = [] if folder == Path("/etc/systemd/system") else ["--user"]
    command = ["systemctl", *scope]
    told = f"now run: {' '.join([*command, 'daemon-reload'])}" + (
        f" && {' '.join([*command, *words])}" if words else ""
    )
    if (
        folder != unit_folder(None)
        or shutil.which("systemctl") is None
        or not Path("/run/systemd/system").is_dir()
    ):
        return told
    if _begun([*command, "daemon-reload"]).returncode != 0:
        return told
    if words and _begun([*command, *words]).returncode != 0:
        return told
    return "systemd knows it"


def pg_cron_installed(task: Task, url: str) -> str:
    """Schedules the job in the database itself. Raises :class:`DatabaseError`."""
    with connect(url, read_only=False) as session:
        _has_pg_cron(session)
        session.rows(
            load("schedule_job"), {"name": task.name, "when": task.when.cron, "command": PG_CRON_COMMAND}
        )
    return (
        f"pg_cron runs {PG_CRON_COMMAND} as {task.name}; take it away with: schedule --with pg_cron --remove"
    )


def pg_cron_removed(name: str, url: str) -> str:
    with connect(url, read_only=False) as session:
        _has_pg_cron(session)
        if not session.rows(load("schedule_there"), {"name": name}):
            return f"pg_cron has no job {name} of this role; nothing was changed"
        session.rows(load("schedule_end"), {"name": name})
    return f"{name} was taken out of pg_cron"


def _has_pg_cron(session: Session) -> None:
    if not session.rows("SELECT 1 AS here FROM pg_catalog.pg_extension WHERE extname = 'pg_cron'"):
        raise DatabaseError(
            "pg_cron is not in this database; connect to the one that cron.database_name names and run: CREATE EXTENSION "
            "pg_cron, or use --with cron"
        )


def _begun(words: Sequence[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            list(words), input=text, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except FileNotFoundError:
        raise InputError(
            f"{words[0]} is not installed here; print the entry without --install and put it where it belongs"
        ) from None
    except subprocess.TimeoutExpired:
        raise InputError(f"{words[0]} did not end within {_PATIENCE_S} s; nothing more was done") from None


def _run(words: Sequence[str], text: str) -> None:
    done = _begun(words, text)
    if done.returncode != 0:
        raise InputError(
            f"{words[0]} refused the entry: {' '.join(done.stderr.split())[:200]}; nothing was changed"
        )
