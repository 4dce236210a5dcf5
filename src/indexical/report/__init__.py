"""Values to text, JSON, SQL, Markdown and HTML. A report never asks the database again."""

from __future__ import annotations

from indexical.emit.sql import script
from indexical.errors import InputError
from indexical.model import Advice
from indexical.report import html, json, markdown, text
from indexical.report.advice_page import advice_page
from indexical.report.view import advice_sections

FORMATS = ("text", "json", "sql", "markdown", "html")


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
    if format == "html":
        return html.render_sections(
            advice_page(advice), title=_title(advice), subtitle=_subtitle(advice), made_at=advice.taken_at
        )
    raise InputError(f"there is no format {format!r}; choose one of {', '.join(FORMATS)}")


def _title(advice: Advice) -> str:
    return "Index advice" + (f" for {advice.database}" if advice.database else "")


def _subtitle(advice: Advice) -> str:
    planner = "HypoPG" if advice.planner.kind == "hypopg" else f"the {advice.planner.kind}"
    since = advice.statistics_since or "an unknown reset"
    return f"PostgreSQL {advice.planner.server_version}, planned by {planner}; use counted since {since}"
