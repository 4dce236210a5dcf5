"""Sections as text for a terminal or a pipe, through rich."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from indexical.report.sections import Section, Table
from indexical.report.units import printable


def render_sections(sections: Sequence[Section], *, width: int = 120, color: bool = False) -> str:
    """The sections one under another.

    Args:
        width: columns of the terminal; lines are wrapped to it.
        color: whether to write ANSI styles.
    """
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=color,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for section in sections:
        console.print(Text(printable(section.title), style="bold"))
        for line in section.lines:
            console.print(Text(printable(line)))
        if section.table is not None:
            console.print(_rich_table(section.table))
        for note in section.notes:
            console.print(Text("· " + printable(note), style="dim"))
        console.print()
    return "\n".join(line.rstrip() for line in stream.getvalue().rstrip().splitlines()) + "\n"


def _rich_table(table: Table) -> RichTable:
    rich = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, expand=False, header_style="bold")
    for column in table.columns:
        rich.add_column(Text(column.title), justify="right" if column.right else "left", overflow="fold")
    for row in table.rows:
        rich.add_row(*(Text(printable(cell)) for cell in row))
    return rich
