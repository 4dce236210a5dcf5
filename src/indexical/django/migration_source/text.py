"""The text of a migration file: Django's writer, then what it has no words for."""

from __future__ import annotations

import re
import shutil
import subprocess

import libcst as cst
from django.db.migrations.writer import MigrationWriter

from indexical.django.models_source import entries
from indexical.django.models_source.layout import WIDTH

_OPERATIONS = "django.contrib.postgres.operations"
_HEADER = (
    "# Indexes written by Indexical. They are built and dropped without blocking writers, which PostgreSQL does only\n"
    "# outside a transaction: hence atomic = False. Should it stop half-way, look for an index marked INVALID first.\n"
)
_CLASS = "class Migration(migrations.Migration):\n"
_ARGUMENT = re.compile(r"(?P<indent> +)(?P<keyword>\w+=)(?P<call>[\w.]+\(.*\)),")
_FORMATTER_SECONDS = 30


def migration_text(writer: MigrationWriter) -> str:
    """The migration as source, deterministic: no time and no version in it.

    Formatted with Black where that is on the path, which is what Django's own commands do.
    """
    text = writer.as_string()
    text = text.replace(_CLASS, f"{_CLASS}    atomic = False\n", 1)
    used = sorted(set(re.findall(rf"^\s+{re.escape(_OPERATIONS)}\.(\w+)\(", text, re.MULTILINE)))
    if used:
        text = re.sub(rf"^(\s+){re.escape(_OPERATIONS)}\.(\w+)\(", r"\1\2(", text, flags=re.MULTILINE)
        text = text.replace(f"import {_OPERATIONS}\n", f"from {_OPERATIONS} import {', '.join(used)}\n", 1)
    lines = [_wrapped(line) for line in _sorted_imports(text.strip().splitlines())]
    return _formatted(_HEADER + "\n" + "\n".join(lines) + "\n")


def _sorted_imports(lines: list[str]) -> list[str]:
    end = next((at for at, line in enumerate(lines) if not line.startswith(("import ", "from "))), len(lines))
    return [*sorted(lines[:end], key=lambda line: line.split()[1]), *lines[end:]]


def _wrapped(line: str) -> str:
    """A long argument with a line for each of its own arguments."""
    match = _ARGUMENT.fullmatch(line)
    if match is None or len(line) <= WIDTH:
        return line
    call = cst.parse_expression(match["call"])
    if not isinstance(call, cst.Call):
        return line
    spread = entries.write(entries.spread(entries.read(call), block=match["indent"]), call)
    return f"{match['indent']}{match['keyword']}{cst.Module([]).code_for_node(spread)},"


def _formatted(text: str) -> str:
    black = shutil.which("black")
    if black is None:
        return text
    try:
        done = subprocess.run(
            [black, "--quiet", "--fast", "-"],
            input=text,
            capture_output=True,
            text=True,
            timeout=_FORMATTER_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return text
    return done.stdout
