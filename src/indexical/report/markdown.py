"""Sections as GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexical.report.sections import Detail, Fact, Node, Section, Table
from indexical.report.units import printable

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def escape(text: str) -> str:
    """Text that Markdown shows as it is: table bars, emphasis, links and HTML lose their meaning."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def render_sections(sections: Sequence[Section], *, level: int = 2) -> str:
    parts: list[str] = []
    for section in sections:
        parts.append(f"{'#' * level} {escape(section.title)}")
        if section.facts:
            parts.append(_facts(section.facts))
        parts.extend(escape(line) for line in section.lines)
        if section.steps:
            parts.append("\n".join(f"{n}. {escape(step)}" for n, step in enumerate(section.steps, 1)))
        if section.table is not None:
            parts.append(_table(section.table))
        if section.notes:
            parts.append("\n".join(f"- {escape(note)}" for note in section.notes))
        parts.extend(_detail(detail, level + 1) for detail in section.details)
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    head = "| " + " | ".join(escape(column.title) for column in table.columns) + " |"
    rule = "|" + "|".join("---:" if column.right else "---" for column in table.columns) + "|"
    rows = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in table.rows]
    return "\n".join([head, rule, *rows])


def _cell(text: str) -> str:
    return "<br>".join(escape(line) for line in text.split("\n"))


def _facts(facts: Sequence[Fact]) -> str:
    return "\n".join(
        f"- {escape(fact.label)}: **{escape(fact.value)}**" + (f" ({escape(fact.note)})" if fact.note else "")
        for fact in facts
    )


def _detail(detail: Detail, level: int) -> str:
    parts = [f"{'#' * level} {escape(detail.title)}"]
    if detail.facts:
        parts.append(_facts(detail.facts))
    parts.extend(escape(line) for line in detail.lines)
    for label, code in detail.code:
        parts += [escape(label) + ":", _fenced(code)]
    if detail.table is not None:
        parts.append(_table(detail.table))
    for trees in detail.trees:
        parts.append(escape(trees.title) + ":")
        for title, nodes in ((trees.before_title, trees.before), (trees.after_title, trees.after)):
            parts.append(_fenced("\n".join([title, *(_node(node) for node in nodes)])))
    return "\n\n".join(parts)


def _node(node: Node) -> str:
    return "  " * node.depth + " · ".join(filter(None, (node.title, node.figures, node.detail)))


def _fenced(text: str) -> str:
    """A code block whose fence the text cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{printable(text)}\n{fence}"
