"""Where the ``$n`` of a statement stand; one pass over the text, whatever it holds.

Quoted texts, quoted names and comments may hold what only looks like a placeholder. The rules are those of PostgreSQL's lexer
(https://www.postgresql.org/docs/18/sql-syntax-lexical.html); what is opened and never closed reaches to the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_START = re.compile(
    r"\b[eE]'|'|\"|--|/\*|(?<![\w$])\$(?P<number>\d{1,5})(?!\d)|(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$"
)
_ESCAPED = re.compile(r"[^'\\]+|''|\\.", re.DOTALL)
_COMMENT = re.compile(r"/\*|\*/")


def placeholders(sql: str) -> Iterator[tuple[int, int, int]]:
    """Start, end and number of each placeholder, in order."""
    position = 0
    while (match := _START.search(sql, position)) is not None:
        position = match.end()
        if match["number"]:
            yield match.start(), match.end(), int(match["number"])
        elif match["tag"] is not None:
            position = _after(sql, match[0], position)
        elif match[0] == "--":
            position = _after(sql, "\n", position)
        elif match[0] == "/*":
            position = _after_comment(sql, position)
        elif match[0] in ("'", '"'):
            # A doubled quote ends one text here and begins the next, which comes to the same.
            position = _after(sql, match[0], position)
        else:
            position = _after_escaped(sql, position)


def _after(sql: str, end: str, position: int) -> int:
    found = sql.find(end, position)
    return len(sql) if found < 0 else found + len(end)


def _after_comment(sql: str, position: int) -> int:
    depth = 1
    for match in _COMMENT.finditer(sql, position):
        depth += 1 if match[0] == "/*" else -1
        if not depth:
            return match.end()
    return len(sql)


def _after_escaped(sql: str, position: int) -> int:
    while (match := _ESCAPED.match(sql, position)) is not None:
        position = match.end()
    return position + 1
