"""A ``.sql`` file cut into statements, by PostgreSQL's lexical rules and a few of psql's.

Semicolons inside strings, dollar quotes and comments do not cut. Damage stays local: after a part that is not SQL, cutting
goes on behind the next line that ends in a semicolon. See https://www.postgresql.org/docs/18/app-psql.html for the rows that
follow COPY ... FROM STDIN and for commands that begin with a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from indexical.workload.lexer import Comment, LexicalError, Token, scan

_STATEMENT_END = re.compile(r";[ \t]*(?:--[^\n]*)?(?:\n|\Z)")
_COPY_END = re.compile(r"^\\\.\s*$", re.MULTILINE)
_PUBLIC_ERRORS = "this is not PostgreSQL SQL: "


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    line: int
    """Where its first token stands, counted from 1."""
    comments: tuple[str, ...] = ()
    """Comments before the first token."""
    damage: str = ""
    """Why the piece cannot be read; empty when it can."""


@dataclass(slots=True)
class _Open:
    start: int = -1
    end: int = -1
    comments: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def copies_rows(self) -> bool:
        return self.words[:1] == ["copy"] and self.words[-1:] == ["stdin"]


def split(text: str) -> Iterator[Piece]:
    """The statements of the text in order, damaged parts among them."""
    position, lines, counted = 0, 1, 0
    while position < len(text):
        piece = _Open()
        damage, restart = "", len(text)
        try:
            for token in scan(text, position):
                if isinstance(token, Comment):
                    if piece.start < 0:
                        piece.comments.append(token.text)
                elif token.text == ";":
                    restart = token.end
                    break
                else:
                    _take(piece, token)
        except LexicalError as error:
            damage, restart, piece = _recover(text, piece, error)
        if piece.copies_rows:
            end = _COPY_END.search(text, restart)
            restart = end.end() if end else len(text)
        if piece.start >= 0:
            lines += text.count("\n", counted, piece.start)
            counted = piece.start
            yield Piece(text[piece.start : piece.end], lines, tuple(piece.comments), damage)
        position = restart


def _take(piece: _Open, token: Token) -> None:
    if piece.start < 0:
        piece.start = token.start
    piece.end = token.end
    if token.kind == "word":
        # The first and the latest word are enough to know COPY ... FROM STDIN.
        piece.words[1:] = [token.value]


def _recover(text: str, piece: _Open, error: LexicalError) -> tuple[str, int, _Open]:
    at = error.position
    line_start = text.rfind("\n", 0, at) + 1
    if text[at] == "\\" and not text[line_start:at].strip() and piece.start < 0:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        return "a command of psql, not a statement", end, _Open(at, end)
    found = _STATEMENT_END.search(text, at)
    restart = found.end() if found else len(text)
    start = piece.start if piece.start >= 0 else at
    return _PUBLIC_ERRORS + str(error), restart, _Open(start, restart, piece.comments)
