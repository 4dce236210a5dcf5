"""A story as its three Markdown documents. The templates only print; what they print of others is escaped on its way.

Everything between ``{{`` and ``}}`` goes through :func:`escaped`, so that a name with bars, line ends or HTML in it stays a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined

from indexical import __version__
from indexical.model.story import Story
from indexical.report.markdown import escape
from indexical.report.units import change, milliseconds, number, printable, share, shorten, size

DOCUMENTS: Mapping[str, str] = {
    "analysis.md": "What was found",
    "guide.md": "What is to be done",
    "completion.md": "What was done and proven",
}
"""File names and what each is about."""
_BREAKS = re.compile(r"\s")
_FOLDER = resources.files(__package__) / "templates"


class _Raw(str):
    """Markdown of our own making, which is not escaped again."""


def render(story: Story, *, made_at: str = "") -> dict[str, str]:
    """The documents by their file names. ``made_at`` is told in each of them."""
    environment = _environment()
    counts = story.counts
    return {
        name: environment.get_template(f"{name}.j2").render(
            story=story, counts=counts, made_at=made_at, version=__version__
        )
        for name in DOCUMENTS
    }


def escaped(value: object) -> str:
    """One line of text that Markdown shows as it is."""
    if isinstance(value, _Raw):
        return value
    # A blank for whatever ends a line, or a name could end its table's row and begin a heading.
    return escape(_BREAKS.sub(" ", printable(str(value))))


def _fenced(text: str, language: str = "sql") -> _Raw:
    """A code block whose fence the text cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return _Raw(f"{fence}{language}\n{printable(text)}\n{fence}")


def _maybe_ms(value: float | None) -> str:
    return "not measured" if value is None else milliseconds(value)


def _maybe_size(value: int | None) -> str:
    return "not measured" if value is None else size(value)


def _maybe_change(before: float | None, after: float | None) -> str:
    return "not measured" if before is None or after is None else change(before, after)


def _of(count: int, noun: str, several: str = "") -> str:
    return f"{count} {noun if count == 1 else several or noun + 's'}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: (_FOLDER / name).read_text(encoding="utf-8")),
        autoescape=False,  # noqa: S701 - the output is Markdown: finalize escapes each value for that
        finalize=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        code=_fenced, ms=_maybe_ms, size=_maybe_size, share=share, number=number, of=_of,
        short=lambda text: shorten(text, 300),
    )  # fmt: skip
    environment.globals["change"] = _maybe_change
    return environment
