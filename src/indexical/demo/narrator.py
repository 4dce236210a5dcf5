"""Tells the demo's story while it happens: one line a step with what it took, and what commands printed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status
from rich.text import Text

from indexical.report.units import printable, shorten


@dataclass(slots=True)
class Step:
    """A running step; set :attr:`result` to say what came of it."""

    what: str
    status: Status | None = None
    result: str = ""

    def event(self, stage: str, share: float, detail: str) -> None:
        """Shows how far the step is, to whom it concerns."""
        if self.status is not None:
            done = f"{share * 100:.0f} %  " if share >= 0 else ""
            self.status.update(Text(f"{self.what}  {done}{shorten(detail, 50)}"))


@dataclass(slots=True)
class Narrator:
    quiet: bool = False
    width: int = 120
    color: bool = False
    _console: Console = field(init=False)

    def __post_init__(self) -> None:
        self._console = Console(
            file=sys.stdout,
            width=self.width,
            quiet=self.quiet,
            force_terminal=self.color,
            no_color=not self.color,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
        )

    @property
    def live(self) -> bool:
        """Whether somebody is watching: then a spinner shows that a long step is at work."""
        return not self.quiet and self._console.is_terminal

    def title(self, text: str) -> None:
        self._console.print(Text(text, style="bold"))

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """Prints the step when it is done, with its seconds and its result."""
        step = Step(what)
        started = time.monotonic()
        if self.live:
            with self._console.status(Text(what)) as status:
                step.status = status
                yield step
        else:
            yield step
        line = Text(f"{time.monotonic() - started:7.1f} s  ", style="dim")
        line.append(what, style="default")
        if step.result:
            line.append(f": {printable(step.result)}", style="default")
        self._console.print(line)

    def command(self, line: str, output: str = "") -> None:
        """A command that a user could have typed, and what it printed."""
        self._console.print()
        self._console.print(Text(f"$ {line}", style="bold"))
        if output.strip():
            self._console.print(Text(printable(output.rstrip())))

    def say(self, text: str) -> None:
        self._console.print(Text(printable(text)))

    def blank(self) -> None:
        self._console.print()
