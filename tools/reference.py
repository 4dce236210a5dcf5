"""Writes docs/reference from the parser of both doors, the table of errors and the public docstrings.

    python tools/reference.py            # writes what has changed
    python tools/reference.py --check    # exit code 1 when a page is not what the code says

A page is made of nothing but the code, so it is the same on every machine and with every Python.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings

from indexical.cli import build_parser
from indexical.cli.door import Door
from indexical.cli.signals import CODES as SIGNALS
from indexical.cli.verbs import VERBS
from indexical.django.door import DjangoProject
from indexical.errors import IndexicalError

DOCS = Path(__file__).resolve().parents[1] / "docs"
FOLDER = DOCS / "reference"
MADE = "<!-- Made from the code: python tools/reference.py -->"
ANYWHERE, DJANGO = "indexical", "manage.py indexes"

COMMANDS = f"""{MADE}

# Command line

Every verb and option of both doors, as the program itself knows them. [How to](../how-to/index.md) says what to use them for.

`{ANYWHERE} VERB` works anywhere and needs a `SOURCE`: a connection URL, `postgresql://user@host/database`, or, where it
says so, a snapshot file. `python manage.py indexes VERB` takes the database and the models from the settings of the Django
project; there `SOURCE` may be left out, and `--database ALIAS` chooses one of `DATABASES`. Progress goes to standard error,
and only to a terminal; results go to standard output.

`--workload FILE` may be repeated: a [capture file](../capture-file.md), a `.sql` file, a PostgreSQL log, a folder of such
files, or the word `pg_stat_statements`, which is what is read when it is left out. [Workloads](../workloads.md) says more.

Sizes are written `500MB`, shares `20%`, times `90s`, `15min`, `2h`, `7d`. [Exit codes](#exit-codes) are the same for all verbs.
"""

PYTHON = f"""{MADE}

# Python

What a project may import. Everything else is the inside of the program and changes without notice.
"""
MODULES = (
    ("indexical.django.indexes", "In a Django shell"),
    ("indexical.django.operations", "In migrations"),
    ("indexical.django.capture.middleware", "In `MIDDLEWARE`"),
    ("indexical.django.watching.middleware", ""),
    ("indexical.django.testing", "In tests"),
    ("indexical.errors", "Errors"),
)
"""Module and the heading before it; empty for none of its own. Those that do not exist are left out."""


@dataclass(frozen=True, slots=True)
class Option:
    """One argument of a verb, and the doors that know it."""

    name: str
    meaning: str
    doors: tuple[str, ...]


def parsers(door: Door) -> Mapping[str, argparse.ArgumentParser]:
    """The parser of every verb that the door has."""
    parser = build_parser(door)
    (verbs,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(verbs.choices)


def doors() -> Mapping[str, Mapping[str, argparse.ArgumentParser]]:
    return {
        ANYWHERE: parsers(Door()),
        DJANGO: parsers(Door(program=DJANGO, project=DjangoProject())),
    }


def name_of(action: argparse.Action) -> str:
    """``-o FILE``, ``--output FILE``; of a positional argument its metavar, in brackets where it may be left out."""
    value = _value_of(action)
    if action.option_strings:
        return ", ".join(f"`{option} {value}`".replace(" `", "`") for option in action.option_strings)
    return f"`[{value}]`" if action.nargs in ("?", "*") else f"`{value}`"


def _value_of(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    named = action.metavar if isinstance(action.metavar, str) else ""
    if action.choices is not None and not named:
        named = "|".join(str(choice) for choice in action.choices)
    named = named or action.dest.upper()
    return f"[{named}]" if action.option_strings and action.nargs == "?" else named


def meaning_of(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    """The help text, what may be repeated, and a default that the text does not tell."""
    words = action.help or ""
    if words:
        words = words % {**vars(action), "prog": parser.prog}
    default = action.default
    told = default in (None, False, "", [], (), argparse.SUPPRESS) or "default" in words
    if isinstance(action, argparse._AppendAction) and "repeat" not in words:
        words = f"{words}; may be repeated".lstrip("; ")
    if not told:
        words = f"{words} (default: {default})".lstrip()
    if action.option_strings and action.required:
        words = f"{words}; required".lstrip("; ")
    return words.replace("|", "\\|").replace("<", "&lt;")


def options(verb: str, known: Mapping[str, Mapping[str, argparse.ArgumentParser]]) -> tuple[Option, ...]:
    """The arguments of a verb over both doors, in the order of the parser."""
    found: dict[str, Option] = {}
    for door, verbs in known.items():
        parser = verbs.get(verb)
        for action in parser._actions if parser else ():
            if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
                continue
            key = " ".join(action.option_strings) or action.dest
            before = found.get(key)
            name = before.name if before else name_of(action)
            if before and name != name_of(action):
                name = f"{name} (at the Django door {name_of(action)})"
            meaning = before.meaning if before else meaning_of(action, parser)
            found[key] = Option(name, meaning, (*(before.doors if before else ()), door))
    return tuple(found.values())


def subverbs(verb: str, known: Mapping[str, Mapping[str, argparse.ArgumentParser]]) -> tuple[str, ...]:
    """Those of a verb that has verbs of its own, such as ``begin``."""
    for verbs in known.values():
        for action in verbs[verb]._actions if verb in verbs else ():
            if isinstance(action, argparse._SubParsersAction):
                return tuple(action.choices)
    return ()


def below(
    verb: str, known: Mapping[str, Mapping[str, argparse.ArgumentParser]]
) -> Mapping[str, Mapping[str, Any]]:
    """The parsers of a verb's own verbs, by door."""
    found: dict[str, Mapping[str, Any]] = {}
    for door, verbs in known.items():
        for action in verbs[verb]._actions if verb in verbs else ():
            if isinstance(action, argparse._SubParsersAction):
                found[door] = {f"{verb} {name}": parser for name, parser in action.choices.items()}
    return found


def command_page() -> str:
    known = doors()
    parts = [COMMANDS]
    for verb in VERBS:
        how_to = DOCS / "how-to" / f"{verb.name}.md"
        link = f" See [how to {verb.name}](../how-to/{verb.name}.md)." if how_to.exists() else ""
        parts.append(f"## {verb.name}\n\n{verb.help}{link}\n")
        if verb.needs_project:
            parts.append(f"Only `{DJANGO}` has it.\n")
        parts += _table(options(verb.name, known), known, verb.name)
        for name in subverbs(verb.name, known):
            inner = below(verb.name, known)
            described = next(iter(inner.values()))[f"{verb.name} {name}"].description or ""
            parts.append(f"### {verb.name} {name}\n\n{described}\n")
            parts += _table(options(f"{verb.name} {name}", inner), inner, f"{verb.name} {name}")
    return "\n".join([*parts, codes()])


def codes() -> str:
    """The exit codes of all verbs: each error that is raised on purpose, and each signal that is obeyed."""
    errors: dict[int, list[str]] = {}
    waiting = [IndexicalError]
    while waiting:
        error = waiting.pop(0)
        waiting += error.__subclasses__()
        if error is not IndexicalError and error.__module__ == IndexicalError.__module__:
            errors.setdefault(error.exit_code, []).append(f"`{error.__name__}`")
    for number, code in SIGNALS.items():
        errors.setdefault(code, []).append(number.name)
    rows = ["| exit code | after |", "|---|---|", "| 0 | all went well; also when there was nothing to do |"]
    for code in sorted(errors):
        found = "; findings of `check` and of other verbs that judge" if code == 1 else ""
        rows.append(f"| {code} | {', '.join(errors[code])}{found} |")
    return (
        "## Exit codes\n\n" + "\n".join(rows) + "\n\n[Errors](../errors.md) says what each of them means.\n"
    )


def _table(found: Sequence[Option], known: Mapping[str, Mapping[str, Any]], verb: str) -> Iterator[str]:
    if not found:
        return
    having = tuple(door for door, verbs in known.items() if verb in verbs)
    rows = ["| argument | meaning |", "|---|---|"]
    for option in found:
        only = "" if option.doors == having else f" Only `{option.doors[0]}`."
        meaning = option.meaning + (
            "." if only and option.meaning and not option.meaning.endswith(".") else ""
        )
        name = option.name.replace("|", "\\|")
        rows.append(f"| {name} | {meaning}{only} |")
    yield "\n".join(rows) + "\n"


def python_page() -> str:
    parts = [PYTHON]
    for name, heading in MODULES:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            continue
        if heading:
            parts.append(f"## {heading}\n")
        parts.append(f"### {name}\n\n{prose(module.__doc__)}\n")
        parts += [entry(item) for item in public(module)]
    return "\n".join(parts)


def public(module: ModuleType) -> Iterator[Any]:
    """Classes and functions of the module, and of a package those that it hands on, in the order of their definition."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    items = [getattr(module, name) for name in names]
    own = [item for item in items if inspect.isclass(item) or inspect.isfunction(item)]
    yield from sorted(
        (item for item in own if f"{item.__module__}.".startswith(f"{module.__name__}.")),
        key=lambda item: inspect.getsourcelines(item)[1],
    )


def entry(item: Any) -> str:
    """A class or a function: its signature, its text, and the methods that it documents itself."""
    if inspect.isclass(item):
        bases = ", ".join(base.__name__ for base in item.__bases__ if base is not object)
        head = f"#### class {item.__name__}" + (f"({bases})" if bases else "")
        told = [f"{head}\n\n{prose(vars(item).get('__doc__'))}".rstrip() + "\n"]
        for name, method in vars(item).items():
            if inspect.isfunction(method) and not name.startswith("_") and method.__doc__:
                told.append(f"`{name}{_signature(method)}`\n\n{prose(method.__doc__)}\n")
        return "\n".join(told)
    return (
        f"#### {item.__name__}\n\n```text\n{item.__name__}{_signature(item)}\n```\n\n{prose(item.__doc__)}\n"
    )


def _signature(function: Any) -> str:
    """As it is written, so that it does not depend on the Python that prints it."""
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(function)))
    return text.replace("(self, ", "(").replace("(self)", "()")


def prose(text: str | None) -> str:
    """A docstring as Markdown: roles and double backquotes become code, ``Args:`` and the like lists."""
    text = inspect.cleandoc(text or "")
    text = re.sub(r":\w+:`~?([^`]*)`", lambda match: f"`{match[1].rsplit('.', 1)[-1]}`", text)
    text = re.sub(r"``([^`]*)``", r"`\1`", text)
    lines = []
    for line in text.splitlines():
        section = re.fullmatch(r"(Args|Raises|Returns|Yields):", line)
        item = re.fullmatch(r"    (\w+): (.*)", line)
        if section:
            lines += [f"{section[1]}:", ""]
        elif item:
            lines.append(f"- `{item[1]}`: {item[2]}")
        else:
            lines.append(line)
    return "\n".join(lines)


def pages() -> Mapping[Path, str]:
    return {FOLDER / "commands.md": command_page(), FOLDER / "python.md": python_page()}


def main(arguments: Sequence[str]) -> int:
    # Some of what is described can only be imported where there are settings; any will do.
    settings.configure()
    stale = {
        path: text
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        if "--check" in arguments:
            sys.stdout.write(f"{path} is not what the code says; run: python tools/reference.py\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
