"""The lines of the checklist, read from ``lines/*.toml``: one file for each section, one table for each line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "lines"
_KEYS = {"number", "text", "tests", "claim"}


class LinesRefused(Exception):
    """A file of lines that says something impossible; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    section: str
    text: str
    tests: tuple[str, ...] = ()
    """pytest node ids below the repository: a file, a test, or one case of it."""
    claim: str = ""
    """Where a guide's claim is wrong: what is true, and where it is measured."""


def read(folder: Path = FOLDER) -> tuple[Line, ...]:
    """Every line, by its number. Raises :class:`LinesRefused`."""
    found: dict[int, Line] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise LinesRefused(f"{path.name} is no TOML: {error}") from None
        for entry in document.get("line", ()):
            line = _line(path, str(document.get("section", "")), entry)
            if line.number in found:
                raise LinesRefused(f"{path.name}: line {line.number} stands there twice")
            found[line.number] = line
    return tuple(found[number] for number in sorted(found))


def _line(path: Path, section: str, entry: dict[str, Any]) -> Line:
    where = f"{path.name}, line {entry.get('number', '?')}"
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise LinesRefused(f"{where} has an unknown key: {', '.join(unknown)}")
    number, text, tests = entry.get("number"), entry.get("text"), entry.get("tests", [])
    if not isinstance(number, int) or not isinstance(text, str) or not text or not section:
        raise LinesRefused(f"{where} lacks its number, its text or its section")
    if not isinstance(tests, list) or not all(isinstance(test, str) and test for test in tests):
        raise LinesRefused(f"{where}: tests is a list of pytest node ids")
    return Line(number, section, text, tuple(tests), str(entry.get("claim", "")))


def chosen(lines: Iterable[Line], only: str) -> tuple[Line, ...]:
    """The lines that ``12,35-38`` names; all of them for an empty text. Raises :class:`LinesRefused`."""
    lines = tuple(lines)
    if not only:
        return lines
    wanted: set[int] = set()
    for part in only.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise LinesRefused(
                f"--only takes numbers and ranges such as 12,35-38; {part.strip()!r} is neither"
            )
        wanted.update(range(int(first), int(last or first) + 1))
    missing = wanted - {line.number for line in lines}
    if missing:
        raise LinesRefused(f"there is no line {', '.join(map(str, sorted(missing)))}")
    return tuple(line for line in lines if line.number in wanted)
