"""Sections as what a template can show: every text made harmless for the eye, pictures drawn, and links of our own.

Django's autoescape makes text harmless for the browser; a character that turns a line around is none of its business.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from indexical.report.html.charts import Picture, drawn
from indexical.report.sections import Chart, Detail, Fact, Section, Table
from indexical.report.units import printable

_drawing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Cell:
    lines: tuple[str, ...]
    right: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    caption: str
    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    title: str
    caption: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Block:
    """A section or a part of one."""

    title: str
    facts: tuple[Fact, ...] = ()
    lines: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    grid: Grid | None = None
    notes: tuple[str, ...] = ()
    code: tuple[tuple[str, str], ...] = ()
    parts: tuple[Block, ...] = ()


def shown(sections: Sequence[Section], links: Mapping[str, Sequence[str]] | None = None) -> tuple[Block, ...]:
    """The sections for a template.

    Args:
        links: by the title of a section, the address that the first cell of each row leads to; empty for none.
    """
    return tuple(_block(section, tuple((links or {}).get(section.title, ()))) for section in sections)


def _block(section: Section, links: tuple[str, ...]) -> Block:
    return Block(
        title=printable(section.title),
        facts=_facts(section.facts),
        lines=_texts(section.lines),
        steps=_texts(section.steps),
        drawings=tuple(
            Drawing(printable(chart.title), printable(chart.caption), _picture(chart))
            for chart in section.charts
        ),
        grid=_grid(section.table, section.title, links),
        notes=_texts(section.notes),
        parts=tuple(_part(detail) for detail in section.details),
    )


def _part(detail: Detail) -> Block:
    return Block(
        title=printable(detail.title),
        facts=_facts(detail.facts),
        lines=_texts(detail.lines),
        grid=_grid(detail.table, detail.title, ()),
        code=tuple((printable(label), printable(text)) for label, text in detail.code),
    )


def _facts(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    return tuple(Fact(printable(fact.label), printable(fact.value), printable(fact.note)) for fact in facts)


def _texts(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(printable(text) for text in texts)


def _grid(table: Table | None, title: str, links: tuple[str, ...]) -> Grid | None:
    if table is None:
        return None
    columns = tuple(Cell((printable(column.title),), column.right) for column in table.columns)
    rows = []
    for number, row in enumerate(table.rows):
        link = links[number] if number < len(links) else ""
        rows.append(
            tuple(
                Cell(tuple(printable(cell).split("\n")), columns[place].right, "" if place else link)
                for place, cell in enumerate(row)
            )
        )
    return Grid(printable(table.caption or title), columns, tuple(rows))


@lru_cache(maxsize=64)
def _picture(chart: Chart) -> Picture | None:
    # What matplotlib is told about colours it is told for the whole process.
    with _drawing:
        return drawn(chart)
