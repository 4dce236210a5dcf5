"""The text of a migration file: Django's writer, then what it has no words for."""

from __future__ import annotations

import re
from pathlib import Path

import libcst as cst
from django.db.migrations.writer import MigrationWriter

from indexical.django.migration_source.formatting import formatted
from indexical.django.models_source import entries
from indexical.django.models_source.layout import WIDTH

_OPERATIONS = ("django.contrib.postgres.operations", "indexical.django.operations")
_HEADER = (
    "# Indexes written by Indexical. They are built and dropped without blocking writers, which PostgreSQL does only\n"
    "# outside a transaction: hence atomic = False. Should it stop half-way, look for an index marked INVALID first.\n"
)
_CLASS = "class Migration(migrations.Migration):\n"
_ARGUMENT = re.compile(r"(?P<indent> +)(?P<keyword>\w+=)(?P<call>[\w.]+\(.*\)),")
_EMPTY_CALL = re.compile(r"\(\n\s+\)")
_EXTENSION_HEADER = (
    "# Written by Indexical: an extension of PostgreSQL that an index of the next migration needs.\n"
)


def migration_text(writer: MigrationWriter, path: Path, *, atomic: bool = False) -> str:
    """The migration as source, deterministic: no time and no version in it; formatted as the project formats."""
    text = writer.as_string()
    if not atomic:
        text = text.replace(_CLASS, f"{_CLASS}    atomic = False\n", 1)
    for module in _OPERATIONS:
        text = _imported_by_name(text, module)
    text = _EMPTY_CALL.sub("()", text)
    lines = [_wrapped(line) for line in _sorted_imports(text.strip().splitlines())]
    header = _EXTENSION_HEADER if atomic else _HEADER
    return formatted(header + "\n" + "\n".join(lines) + "\n", path)


def _imported_by_name(text: str, module: str) -> str:
    """The module's operations under their own names instead of behind its path."""
    used = sorted(set(re.findall(rf"^\s+{re.escape(module)}\.(\w+)\(", text, re.MULTILINE)))
    if not used:
        return text
    text = re.sub(rf"^(\s+){re.escape(module)}\.(\w+)\(", r"\1\2(", text, flags=re.MULTILINE)
    return text.replace(f"import {module}\n", f"from {module} import {', '.join(used)}\n", 1)


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
