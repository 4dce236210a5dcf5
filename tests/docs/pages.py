"""The documentation as a list of blocks: files that a page shows, commands that it gives, and what it says they print.

A fenced block whose ``title`` looks like a path is a file; ``, at the end`` behind the path means that it is added to the file.
In ``console`` blocks a line that begins with ``$`` is a command, and the lines after it are what it prints, a line ``…`` standing
for any number of lines. In ``bash``, ``sh`` and ``shell`` blocks every line is a command. A ``pycon`` block
is a conversation with the shell of the page's Django project. The title ``another terminal`` is for a command that goes on
while the following ones run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OTHER_TERMINAL = "another terminal"
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>[\w-]*)(?P<rest>[^\n]*)$")
_TITLE = re.compile(r'title="(?P<title>[^"]*)"')
_FILE = re.compile(r"^(?P<path>[\w./-]*\.\w+)(?P<end>, at the end)?$")
_SHELLS = ("bash", "sh", "shell")


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a page, as it is written there."""

    page: str
    """Path from the repository's root, such as ``docs/why.md``."""
    line: int
    text: str
    printed: tuple[str, ...] = ()
    """The lines the page shows after it; empty for none."""
    background: bool = False
    session: bool = False
    """The text is a whole conversation with Python, prompts and answers."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text.splitlines()[0]}"


@dataclass(frozen=True, slots=True)
class File:
    """A file that a page asks its reader to write."""

    page: str
    line: int
    path: str
    text: str
    added: bool = False
    """At the end of the file that is there."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; ``line`` is that of its fence, counted from 1."""

    page: str
    line: int
    language: str
    title: str
    lines: tuple[str, ...]

    @property
    def file(self) -> File | None:
        match = _FILE.match(self.title)
        if match is None:
            return None
        text = "\n".join(self.lines) + "\n"
        return File(self.page, self.line, match["path"], text, added=bool(match["end"]))

    @property
    def commands(self) -> tuple[Command, ...]:
        if self.language == "console":
            return self._dialogue()
        if self.language == "pycon":
            return (Command(self.page, self.line + 1, "\n".join(self.lines), session=True),)
        if self.language in _SHELLS:
            numbered = enumerate(self.lines, self.line + 1)
            return tuple(
                Command(self.page, number, text)
                for number, text in numbered
                if text.strip() and not text.lstrip().startswith("#")
            )
        return ()

    def _dialogue(self) -> tuple[Command, ...]:
        found: list[tuple[int, str, list[str]]] = []
        for number, text in enumerate(self.lines, self.line + 1):
            if text.startswith("$ "):
                found.append((number, text[2:], []))
            elif found and found[-1][1].endswith("\\"):
                start, command, _ = found[-1]
                found[-1] = (start, f"{command}\n{text}", [])
            elif found and text.strip():
                found[-1][2].append(text)
        background = self.title == OTHER_TERMINAL
        return tuple(
            Command(self.page, number, text, tuple(printed), background) for number, text, printed in found
        )


def pages() -> tuple[Path, ...]:
    """README, CONTRIBUTING, every page of the documentation, and those of the examples."""
    others = (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
    return (*others, *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md")))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path) -> tuple[Block, ...]:
    """The fenced blocks of a page, in order; raises ValueError when one is not closed."""
    return parse(path.read_text(encoding="utf-8"), name(path))


def parse(text: str, page: str) -> tuple[Block, ...]:
    found: list[Block] = []
    opened: re.Match[str] | None = None
    start, inside = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        match = _FENCE.match(line)
        if opened is None:
            if match is not None:
                opened, start, inside = match, number, []
        elif match is not None and match["fence"] == opened["fence"] and not match["language"]:
            title = _TITLE.search(opened["rest"])
            indent = len(opened["indent"])
            lines = tuple(line[indent:] for line in inside)
            found.append(Block(page, start, opened["language"], title["title"] if title else "", lines))
            opened = None
        else:
            inside.append(line)
    if opened is not None:
        raise ValueError(f"{page}:{start}: the block is never closed")
    return tuple(found)


def steps(path: Path) -> tuple[Command | File, ...]:
    """What a reader does on a page, in order."""
    found: list[Command | File] = []
    for block in blocks(path):
        if block.file is not None:
            found.append(block.file)
        found += block.commands
    return tuple(found)


def commands(path: Path) -> tuple[Command, ...]:
    return tuple(command for block in blocks(path) for command in block.commands)
