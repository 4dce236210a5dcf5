"""Progress on standard error, and only on a terminal; results go to standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from indexical.report.units import shorten

OnEvent = Callable[[str, float, str], None]


@contextmanager
def progress() -> Iterator[OnEvent | None]:
    """Yields an ``on_event`` that draws one bar a stage, or None when standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    console = Console(stderr=True)
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    tasks: dict[str, TaskID] = {}

    def on_event(stage: str, share: float, detail: str) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(Text(shorten(stage, 32)).plain, total=None, detail="")
        bars.update(
            tasks[stage],
            total=1.0 if share >= 0 else None,
            completed=max(share, 0.0),
            detail=shorten(detail, 60),
        )

    with bars:
        yield on_event
