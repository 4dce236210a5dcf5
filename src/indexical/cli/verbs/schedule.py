"""``schedule``: prints, and with ``--install`` installs, what makes a recurring task of ``maintain`` or of ``usage --sample``."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

from indexical.cli import schedules
from indexical.cli.door import Door
from indexical.cli.installing import (
    crontab_installed,
    crontab_removed,
    pg_cron_installed,
    pg_cron_removed,
    unit_folder,
    units_installed,
    units_removed,
)
from indexical.cli.schedules import MARK, Task
from indexical.cli.source import add_source, url_of
from indexical.cli.timing import when
from indexical.errors import InputError
from indexical.pg.target import Target, parse
from indexical.report.units import printable

HELP = "Print or install a crontab entry, systemd units or a pg_cron job for maintain or usage --sample."

SUNDAY = "0 2 * * 0"
_HOURLY = "7 * * * *"
_SECRET = ("password", "sslpassword")
_PASSED_ON = ("PGPASSFILE", "PGSERVICEFILE", "PGSERVICE", "DJANGO_SETTINGS_MODULE")
"""Settings of the environment that a scheduled run needs as well and that hold no secret."""


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    parser.add_argument(
        "--task",
        choices=("maintain", "usage"),
        default="maintain",
        help="maintain --yes, or usage --sample (default: maintain)",
    )
    parser.add_argument(
        "--with",
        dest="by",
        choices=("cron", "systemd", "pg_cron"),
        default="cron",
        help="who starts it (default: cron)",
    )
    parser.add_argument(
        "--when",
        metavar="TIME",
        help="in cron's five fields (default: '0 2 * * 0', Sunday 02:00; for usage hourly)",
    )
    parser.add_argument(
        "--name", metavar="NAME", help="what to call it (default: of the task and the database)"
    )
    parser.add_argument(
        "--folder", metavar="DIR", help="where to run it and keep .indexical (default: this folder)"
    )
    parser.add_argument(
        "--unit-folder",
        metavar="DIR",
        help="with systemd: where units are kept (default: the user's; root: the system's)",
    )
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument(
        "--install", action="store_true", help="install it; left out, it is printed and nothing else"
    )
    doing.add_argument(
        "--remove", action="store_true", help="take away exactly what was installed by that name"
    )
    parser.add_argument(
        "--option",
        metavar="OPTION",
        action="append",
        default=[],
        help="a further option of the scheduled command, such as --option=--max-duration=2h; may be repeated",
    )


def run(arguments: argparse.Namespace, door: Door) -> int:
    url = url_of(arguments.source, door)
    target = parse(url)
    task = _task(arguments, door, target)
    if arguments.by == "pg_cron" and (arguments.task != "maintain" or arguments.option):
        raise InputError(
            "pg_cron runs SQL inside the server and cannot start this program; it is for a plain VACUUM (ANALYZE) only, use "
            "--with cron or --with systemd"
        )
    if arguments.remove:
        return _remove(arguments, task, url)
    if arguments.install:
        return _install(arguments, task, target, url)
    print(printable(_text(arguments, task)), end="")
    _say(arguments, target)
    return 0


def _task(arguments: argparse.Namespace, door: Door, target: Target) -> Task:
    database = target.keywords.get("dbname") or target.keywords.get("user") or "default"
    name = arguments.name or schedules.slug((arguments.task, database))
    name = name if name.startswith(MARK) else f"{MARK}{name}"
    folder = Path(arguments.folder or Path.cwd())
    if not folder.is_dir():
        raise InputError(f"the folder {folder} is not there; make it first, or name another with --folder")
    time = arguments.when or (SUNDAY if arguments.task == "maintain" else _HOURLY)
    environment = tuple((key, os.environ[key]) for key in _PASSED_ON if os.environ.get(key))
    words = (*_program(door), arguments.task, *_source(arguments, door, target))
    asked = "--yes" if arguments.task == "maintain" else "--sample"
    return Task(name, (*words, asked, *arguments.option), str(folder.resolve()), when(time), environment)


def _program(door: Door) -> tuple[str, ...]:
    """The very program that runs now, by absolute paths: cron and systemd know no virtual environment."""
    if door.project is not None:
        return sys.executable, str(Path(sys.argv[0]).resolve()), "indexes"
    found = shutil.which("indexical", path=str(Path(sys.executable).parent))
    return (found,) if found else (sys.executable, "-m", "indexical")


def _source(arguments: argparse.Namespace, door: Door, target: Target) -> tuple[str, ...]:
    """The connection without its password; at the Django door the project knows it."""
    if arguments.source is None and door.project is not None:
        alias = getattr(arguments, "database", None)
        return ("--database", alias) if alias and alias != "default" else ()
    return (plain_url(target),)


def plain_url(target: Target) -> str:
    """A URL of everything in the target but its secrets."""
    open_words = {key: value for key, value in sorted(target.keywords.items()) if key not in _SECRET}
    return "postgresql://?" + "&".join(f"{key}={quote(value, safe='/')}" for key, value in open_words.items())


def _text(arguments: argparse.Namespace, task: Task) -> str:
    match arguments.by:
        case "cron":
            return schedules.crontab_block(task)
        case "systemd":
            folder = unit_folder(arguments.unit_folder)
            parts = (
                (f"{task.name}.service", schedules.service_unit(task)),
                (f"{task.name}.timer", schedules.timer_unit(task)),
            )
            return "\n".join(f"# {folder / name}\n{text}" for name, text in parts)
        case _:
            return schedules.pg_cron_sql(task)[0] + "\n"


def _install(arguments: argparse.Namespace, task: Task, target: Target, url: str) -> int:
    match arguments.by:
        case "cron":
            done = crontab_installed(task)
        case "systemd":
            done = units_installed(task, unit_folder(arguments.unit_folder))
        case _:
            done = pg_cron_installed(task, url)
    print(printable(done))
    _say(arguments, target)
    return 0


def _remove(arguments: argparse.Namespace, task: Task, url: str) -> int:
    match arguments.by:
        case "cron":
            done = crontab_removed(task.name)
        case "systemd":
            done = units_removed(task.name, unit_folder(arguments.unit_folder))
        case _:
            done = pg_cron_removed(task.name, url)
    print(printable(done))
    return 0


def _say(arguments: argparse.Namespace, target: Target) -> None:
    """Where the password has to be instead; a project finds its own."""
    if (
        arguments.source is None
        or arguments.by == "pg_cron"
        or not any(target.keywords.get(key) for key in _SECRET)
    ):
        return
    print(
        "the password of the URL was left out, since others can read a schedule; put it into a password file "
        "(~/.pgpass, or name one in PGPASSFILE) or use a service (PGSERVICE)",
        file=sys.stderr,
    )
