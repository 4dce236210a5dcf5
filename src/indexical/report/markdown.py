"""Sections as GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexical.report.units import printable
from indexical.report.view import Section, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def escape(text: str) -> str:
    """Text that Markdown shows as it is: table bars, emphasis, links and HTML lose their meaning."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def render_sections(sections: Sequence[Section], *, level: int = 2) -> str:
    parts: list[str] = []
    for section in sections:
        parts.append(f"{'#' * level} {escape(section.title)}")
        parts.extend(escape(line) for line in section.lines)
        if section.table is not None:
            parts.append(_table(section.table))
        if section.notes:
            parts.append("\n".join(f"- {escape(note)}" for note in section.notes))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    head = "| " + " | ".join(escape(column.title) for column in table.columns) + " |"
    rule = "|" + "|".join("---:" if column.right else "---" for column in table.columns) + "|"
    rows = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in table.rows]
    return "\n".join([head, rule, *rows])


def _cell(text: str) -> str:
    return "<br>".join(escape(line) for line in text.split("\n"))
