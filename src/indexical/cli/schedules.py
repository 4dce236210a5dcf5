"""A recurring task as a crontab entry, as systemd units and as a pg_cron job; pure text, quoted for whoever reads it.

Ours is what bears our mark. crontab(5) makes a newline of a bare ``%``; systemd expands ``%`` and ``$`` (systemd.service(5),
systemd.unit(5)); pg_cron runs SQL inside the server (https://github.com/citusdata/pg_cron).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from indexical.cli.timing import When
from indexical.errors import FileRefused, InputError
from indexical.report.units import printable

MARK = "indexical-"
"""With which every name of ours begins."""
_FIRST_LINE = "# Written by: indexical schedule. Remove it with: indexical schedule --remove"


@dataclass(frozen=True, slots=True)
class Task:
    """What is run, where and when."""

    name: str
    """Begins with :data:`MARK`; letters, digits, ``-`` and ``_`` only."""
    words: tuple[str, ...]
    """The command, word by word; no password in any of them."""
    folder: str
    """In which ``.indexical`` is kept; absolute."""
    when: When
    environment: tuple[tuple[str, str], ...] = ()
    """Where libpq finds passwords and services: paths and names, never a secret."""

    def __post_init__(self) -> None:
        if not re.fullmatch(rf"{MARK}[A-Za-z0-9_-]{{1,60}}", self.name):
            raise InputError(
                "the name of a schedule consists of letters, digits, - and _; give another one with --name"
            )
        texts = (*self.words, self.folder, *(value for _, value in self.environment))
        if any(printable(text) != text or "\n" in text or "\t" in text for text in texts):
            raise InputError(
                "a line break or another control character cannot be scheduled; use names without them"
            )
        if not self.folder.startswith("/"):
            raise InputError("the folder of a schedule has to be absolute")


def crontab_block(task: Task) -> str:
    """The lines for a crontab, between marks of ours."""
    settings = [f"{name}={shlex.quote(value)}" for name, value in task.environment]
    command = " ".join((*(["env", *settings] if settings else []), shlex.join(task.words)))
    line = f"cd {shlex.quote(task.folder)} && {command}".replace("%", "\\%")
    return f"{_begin(task.name)}\n{task.when.cron} {line}\n{_end(task.name)}\n"


def with_block(crontab: str, task: Task) -> str:
    """The crontab with our entry in the place of an earlier one of the same name, or at its end."""
    kept = without_block(crontab, task.name)
    if kept and not kept.endswith("\n"):
        kept += "\n"
    return kept + crontab_block(task)


def without_block(crontab: str, name: str) -> str:
    """The crontab without our entry of that name, and everything else byte for byte.

    Raises :class:`FileRefused` when the marks around it are not whole: then nobody knows what is ours.
    """
    kept: list[str] = []
    inside = False
    for line in crontab.splitlines(keepends=True):
        text = line.rstrip("\r\n")
        if text == _begin(name):
            if inside:
                raise _broken(name)
            inside = True
        elif text == _end(name):
            if not inside:
                raise _broken(name)
            inside = False
        elif inside and text.startswith("# indexical "):
            raise _broken(name)
        elif not inside:
            kept.append(line)
    if inside:
        raise _broken(name)
    return "".join(kept)


def _begin(name: str) -> str:
    return f"# indexical begin {name}"


def _end(name: str) -> str:
    return f"# indexical end {name}"


def _broken(name: str) -> FileRefused:
    return FileRefused(
        f"the marks around {name} in the crontab are not whole; nothing was changed; put it right with: crontab -e"
    )


def service_unit(task: Task) -> str:
    """The ``.service``: one run, then it is over."""
    settings = [f"Environment={_word(f'{name}={value}', dollar=False)}" for name, value in task.environment]
    lines = [
        _FIRST_LINE,
        "[Unit]",
        f"Description=Indexical: {task.name}",
        "",
        "[Service]",
        "Type=oneshot",
        f"WorkingDirectory={task.folder.replace('%', '%%')}",
        *settings,
        f"ExecStart={' '.join(_word(word) for word in task.words)}",
        "# Another run on the same database is no failure: the next time will do.",
        "SuccessExitStatus=75",
    ]
    return "\n".join(lines) + "\n"


def timer_unit(task: Task) -> str:
    """The ``.timer``; a time that was slept through is made up for. Raises :class:`InputError` as ``When.calendar`` does."""
    lines = [
        _FIRST_LINE,
        "[Unit]",
        f"Description=Times of {task.name}.service",
        "",
        "[Timer]",
        f"OnCalendar={task.when.calendar}",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(lines) + "\n"


def is_ours(unit: str) -> bool:
    """Whether the text of a unit file bears our mark."""
    return unit.startswith(_FIRST_LINE + "\n")


def _word(text: str, *, dollar: bool = True) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if dollar:
        quoted = quoted.replace("$", "$$")
    return f'"{quoted}"'


PG_CRON_COMMAND = "VACUUM (ANALYZE)"


def pg_cron_sql(task: Task) -> tuple[str, str]:
    """The statements that schedule and unschedule it; what pg_cron runs is the server's own VACUUM, not this program."""
    return (
        f"SELECT cron.schedule('{task.name}', '{task.when.cron}', '{PG_CRON_COMMAND}');",
        f"SELECT cron.unschedule('{task.name}');",
    )


def slug(texts: Sequence[str]) -> str:
    """A name for files and jobs: of the texts, whatever they hold, only what is safe everywhere."""
    return "-".join(filter(None, (re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-") for text in texts)))[:50]
