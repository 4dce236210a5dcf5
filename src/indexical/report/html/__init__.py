"""Sections as one HTML file that needs nothing else: no network, no script, light and dark, on paper and on a telephone.

Everything foreign goes through Jinja2's autoescape, and the page forbids itself whatever it does not need
(Content-Security-Policy, https://www.w3.org/TR/CSP3/): even text that would get past the escaping runs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from indexical import __version__
from indexical.report.html.charts import Picture, drawn
from indexical.report.sections import Chart, Section
from indexical.report.units import printable

_FOLDER = resources.files(__package__)


@dataclass(frozen=True, slots=True)
class _Drawn:
    chart: Chart
    picture: Picture | None


def render_sections(sections: Sequence[Section], *, title: str, subtitle: str = "", made_at: str = "") -> str:
    """The whole page.

    Args:
        title: the heading and the window's title.
        subtitle: one line under it: which database, which versions.
        made_at: when the figures were read, for the foot of the page; nothing when left out.
    """
    style = _text("page.css")
    return _environment().get_template("page.html.j2").render(
        title=title,
        subtitle=subtitle,
        made_at=made_at,
        version=__version__,
        sections=[(_anchor(number, section.title), section) for number, section in enumerate(sections, 1)],
        charts={
            id(chart): _Drawn(chart, drawn(chart)) for section in sections for chart in section.charts
        },
        style=Markup(style),  # noqa: S704 - our own file; its hash is the only style that the page allows itself
        style_hash=_hash(style),
    )  # fmt: skip


def _anchor(number: int, title: str) -> str:
    """A name of our own making for each section: titles may hold anything."""
    words = "-".join(re.findall(r"[a-z0-9]+", title.lower())[:4])
    return f"s{number}-{words}" if words else f"s{number}"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # What a terminal must not get, a page must not get either: U+202E turns a line of SQL around.
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.globals["identity"] = id
    return environment
