"""Sections as text for a terminal or a pipe, through rich."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from indexical.report.sections import Section, Table, Trees
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
        for number, step in enumerate(section.steps, 1):
            console.print(Text(printable(f"{number}. {step}")))
        if section.table is not None:
            console.print(_rich_table(section.table))
        for note in section.notes:
            console.print(Text("· " + printable(note), style="dim"))
        for detail in section.details:
            for trees in detail.trees:
                _print_trees(console, trees)
        console.print()
    return "\n".join(line.rstrip() for line in stream.getvalue().rstrip().splitlines()) + "\n"


def _rich_table(table: Table) -> RichTable:
    rich = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, expand=False, header_style="bold")
    for column in table.columns:
        rich.add_column(Text(column.title), justify="right" if column.right else "left", overflow="fold")
    for row in table.rows:
        rich.add_row(*(Text(printable(cell)) for cell in row))
    return rich


def _print_trees(console: Console, trees: Trees) -> None:
    """Both plans one under the other: side by side they would be cut at most widths."""
    for title, nodes in ((trees.before_title, trees.before), (trees.after_title, trees.after)):
        console.print(Text(f"{printable(title)}:", style="dim"))
        for node in nodes:
            style = _STYLES.get(node.mark, "")
            console.print(Text("  " * (node.depth + 1) + printable(node.title), style=style), end="")
            console.print(Text(f"  {printable(node.figures)}", style="dim"))
            if node.detail:
                console.print(Text("  " * (node.depth + 2) + printable(node.detail), style="dim"))


_STYLES = {"index": "green", "scan": "red", "sort": "yellow"}
