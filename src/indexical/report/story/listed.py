"""Indexes that a document lists by name: in tables, in lists, in Django's ``models.Index(...)`` and in ``CREATE INDEX``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """One index by name, and its keys where the document gives them."""

    line: int
    name: str
    keys: tuple[str, ...] = ()
    quality: str = ""
    """existing | dropped | redundant | other; empty for a new one."""
    code: bool = False
    """It stands in code."""

    @property
    def descending(self) -> bool:
        return any(key.startswith("-") or re.search(r"\sDESC\b", key, re.IGNORECASE) for key in self.keys)


_NAME_COLUMNS = {
    "index": "", "index name": "", "new index": "", "name": "",
    "existing index": "existing", "dropped index": "dropped", "redundant index": "redundant",
}  # fmt: skip
_KEY_COLUMNS = frozenset({"keys", "fields", "columns", "definition", "columns shipped", "key columns"})
_IDENTIFIER = re.compile(r"[A-Za-z_][\w$]{0,62}")
_SUFFIXED = re.compile(
    r"^\s*(?:[-*+•]|\d+[.)])\s+(?P<name>[a-z_][a-z0-9_$]{0,60}_(?:idx|index|brin|gin|gist|uniq|key))\b"
    r"(?:\s*[:(]\s*(?P<keys>[^)]*))?",
    re.IGNORECASE,
)
_DJANGO = re.compile(r"\bIndex\(([^()]{0,2000}(?:\([^()]{0,500}\)[^()]{0,2000}){0,8})\)")
_FIELDS = re.compile(r"\bfields\s*=\s*[\[(]([^\])]{0,1000})[\])]")
_NAMED = re.compile(r"\bname\s*=\s*['\"]([^'\"]{1,63})['\"]")
_CREATE = re.compile(
    r"\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(\"[^\"]{1,126}\"|[\w$]{1,63})\s+ON\s+"
    r"(?:ONLY\s+)?[^\s(]{1,200}\s*(?:USING\s+\w+\s*)?\(((?:[^()]|\([^()]*\)){0,1000})\)",
    re.IGNORECASE,
)
_RULE = re.compile(r"^:?-{1,}:?$")


def is_rule(cells: Sequence[str]) -> bool:
    """Whether a table's row is the line between its head and its body."""
    return bool(cells) and all(_RULE.match(cell.replace(" ", "")) for cell in cells)


def titles(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell.strip().lower() for cell in cells)


def in_row(cells: Sequence[str], columns: Sequence[str], line: int) -> Listed | None:
    """The index of a table's row: what stands in the column that is titled ``index``."""
    place = next((n for n, title in enumerate(columns) if title in _NAME_COLUMNS), None)
    if place is None or place >= len(cells) or not cells[place]:
        return None
    title = columns[place]
    if title == "name" and not any(each in _KEY_COLUMNS for each in columns):
        return None
    keys = next((cells[n] for n, each in enumerate(columns) if each in _KEY_COLUMNS and n < len(cells)), "")
    return Listed(line, cells[place], split(_inside(keys)), _NAME_COLUMNS[title])


def in_line(text: str, line: int) -> Listed | None:
    """The index that an item of a list begins with, when its name ends as names of indexes do."""
    match = _SUFFIXED.match(text)
    return None if match is None else Listed(line, match["name"], split(match["keys"] or ""))


def in_code(code: str, first: int, quality: str = "") -> list[Listed]:
    """The indexes that Django or SQL code defines. ``first`` is the line on which the code begins."""
    found = []
    for match in _DJANGO.finditer(code):
        name, fields = _NAMED.search(match[1]), _FIELDS.search(match[1])
        if name and _IDENTIFIER.fullmatch(name[1]):
            keys = split(fields[1]) if fields else ()
            found.append(Listed(first + code.count("\n", 0, match.start()), name[1], keys, quality, True))
    for match in _CREATE.finditer(code):
        line = first + code.count("\n", 0, match.start())
        found.append(Listed(line, match[1].strip('"'), split(match[2]), quality, True))
    return found


def _inside(text: str) -> str:
    """What stands in the first brackets, which are the keys; all of it without brackets."""
    start = text.find("(")
    if start < 0:
        return text
    depth, quote = 0, ""
    for place in range(start, len(text)):
        quote = _quote(quote, text[place])
        depth += 0 if quote else {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1 : place]
    return text[start + 1 :]


def _quote(open_quote: str, char: str) -> str:
    """The quote that is open after the character; empty for none."""
    if open_quote:
        return "" if char == open_quote else open_quote
    return char if char in "'\"" else ""


def split(keys: str) -> tuple[str, ...]:
    """Keys at the commas that are in no brackets and no quotes, without their own quotes."""
    parts, depth, start, quote = [], 0, 0, ""
    for place, char in enumerate(keys):
        quote = _quote(quote, char)
        depth += 0 if quote else {"(": 1, "[": 1, ")": -1, "]": -1}.get(char, 0)
        if char == "," and depth == 0 and not quote:
            parts.append(keys[start:place])
            start = place + 1
    parts.append(keys[start:])
    bare = (part.strip().strip("'\"").strip() for part in parts)
    return tuple(part for part in bare if part)
