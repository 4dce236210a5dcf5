"""What any report is made of, before anybody decides how it looks: sections of lines, figures, tables and plans.

Text, Markdown and HTML are renderings of the same sections, so that they can never disagree. A rendering leaves out what it
cannot show and nothing else: a picture only ever shows figures that a table beside it has as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure that a reader looks for first, with what it is and how sure."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    label: str
    """Of a bar; empty on a curve."""
    values: tuple[float, ...]
    """One for each series; for a curve x first."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of figures that stand in a table as well."""

    kind: Literal["bars", "curve"]
    title: str
    caption: str
    """What is seen, in words, for whoever does not see it."""
    x_label: str
    y_label: str
    series: tuple[str, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a plan."""

    depth: int
    title: str
    detail: str = ""
    figures: str = ""
    mark: Literal["", "index", "scan", "sort"] = ""


@dataclass(frozen=True, slots=True)
class Trees:
    """Two plans of one statement, side by side."""

    title: str
    before: tuple[Node, ...]
    after: tuple[Node, ...]
    before_title: str = "before"
    after_title: str = "after"
    code: str = ""
    """The statement."""


@dataclass(frozen=True, slots=True)
class Detail:
    """All about one thing: an index, a statement."""

    title: str
    lines: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    code: tuple[tuple[str, str], ...] = ()
    """(what it is, text to copy)."""
    table: Table | None = None
    trees: tuple[Trees, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[str, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    steps: tuple[str, ...] = ()
    """What to do, in this order."""
    charts: tuple[Chart, ...] = ()
    details: tuple[Detail, ...] = ()
