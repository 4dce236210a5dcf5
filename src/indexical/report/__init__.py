"""Values to text, JSON, SQL and Markdown. A report never asks the database again."""

from __future__ import annotations

from indexical.emit.sql import script
from indexical.errors import InputError
from indexical.model import Advice
from indexical.report import json, markdown, text
from indexical.report.view import advice_sections

FORMATS = ("text", "json", "sql", "markdown")


def render(advice: Advice, format: str = "text", *, width: int = 120, color: bool = False) -> str:
    """The advice in one of :data:`FORMATS`.

    Args:
        width: columns, for text.
        color: ANSI styles, for text.

    Raises:
        InputError: the format is not one of them.
    """
    if format == "text":
        return text.render_sections(advice_sections(advice), width=width, color=color)
    if format == "markdown":
        return markdown.render_sections(advice_sections(advice, full=True))
    if format == "json":
        return json.render_advice(advice)
    if format == "sql":
        return script(advice)
    raise InputError(f"there is no format {format!r}; choose one of {', '.join(FORMATS)}")
