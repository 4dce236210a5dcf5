"""SQL text as tokens, by the rules of PostgreSQL's own scanner.

See "Lexical Structure" (https://www.postgresql.org/docs/18/sql-syntax-lexical.html). The general SQL tokenizers read nested
comments, ``$1``, ``E'...'`` and numbers a little differently than the server does; text that later stands in front of a
server must not be read in two ways, so this small scanner follows the server. It assumes ``standard_conforming_strings``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from indexical.errors import StatementRefused

MAX_LENGTH = 100_000
"""Characters of one statement."""
MAX_DEPTH = 200
"""Parentheses inside one another; deeper ones exhaust the parsers that come after."""

Kind = Literal[
    "word", "quoted", "string", "bits", "unicode", "number", "parameter", "operator", "punctuation"
]


class Token(NamedTuple):
    kind: Kind
    text: str
    """The token as written."""
    start: int
    end: int
    value: str = ""
    """What the token stands for: a string's content, a quoted identifier's name, a word in lower case."""


class Comment(NamedTuple):
    text: str
    start: int
    end: int


class LexicalError(StatementRefused):
    """The text is not PostgreSQL SQL; ``position`` is where the scanner gave up."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


_WORD_START = "A-Za-z_\u0080-\U0010ffff"
_MASTER = re.compile(
    rf"""
      (?P<space>[ \t\n\r\f\v]+)
    | (?P<line>--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<escape>[eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*')
    | (?P<unicode>[uU]&(?:'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"))
    | (?P<bits>[bBxX]'[^']*')
    | (?P<string>[nN]?'[^']*(?:''[^']*)*')
    | (?P<quoted>"[^"]+(?:""[^"]*)*"|"(?:""[^"]*)+")
    | (?P<parameter>\$[0-9]+)
    | (?P<dollar>\$(?:[{_WORD_START}][{_WORD_START}0-9]*)?\$)
    | (?P<number>0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+
        |(?:[0-9][0-9_]*(?:\.(?!\.)[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)
    | (?P<word>[{_WORD_START}][{_WORD_START}0-9$]*)
    | (?P<operator>(?:(?!--|/\*)[~!@\#^&|`?+\-*/%<>=])+)
    | (?P<punctuation>::|:=|\.\.|[()\[\],;:.])
    """,
    re.VERBOSE | re.DOTALL,
)
_SIGN_KEEPERS = re.compile(r"[~!@#%^&|`?]")
_BLOCK_EDGE = re.compile(r"/\*|\*/")
_SIMPLE_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))|''", re.DOTALL
)


def scan(text: str, start: int = 0) -> Iterator[Token | Comment]:
    """Tokens and comments of the text, in order; whitespace is left out.

    Raises :class:`LexicalError` where the text cannot be PostgreSQL SQL: an unfinished string, a stray character.
    """
    position, end = start, len(text)
    while position < end:
        match = _MASTER.match(text, position)
        if match is None:
            raise LexicalError(_complaint(text, position), position)
        kind = match.lastgroup or ""
        if kind == "block":
            stop = _comment_end(text, position)
            yield Comment(text[position:stop], position, stop)
        elif kind == "line":
            stop = match.end()
            yield Comment(match.group(), position, stop)
        elif kind == "dollar":
            stop = _dollar_end(text, match)
            yield Token(
                "string", text[position:stop], position, stop, text[match.end() : stop - len(match.group())]
            )
        else:
            stop = match.end()
            if kind == "operator":
                stop = _operator_end(match.group(), position)
            if kind != "space":
                yield _token(kind, text[position:stop], position, stop)
        position = stop


@lru_cache(maxsize=4)
def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of the text, strings that continue on the next line made one, comments left out.

    The latest texts' are kept, because several readers follow one another over the same text.
    Raises :class:`LexicalError`.
    """
    found: list[Token] = []
    for token in scan(text):
        if isinstance(token, Comment):
            continue
        if found and _continues(text, found[-1], token):
            first = found.pop()
            token = Token(
                "string", text[first.start : token.end], first.start, token.end, first.value + token.value
            )
        found.append(token)
    return tuple(found)


def _token(kind: str, text: str, start: int, end: int) -> Token:
    match kind:
        case "word":
            return Token("word", text, start, end, text.lower())
        case "quoted":
            return Token("quoted", text, start, end, text[1:-1].replace('""', '"'))
        case "escape":
            return Token("string", text, start, end, _unescape(text[2:-1]))
        case "string":
            return Token("string", text, start, end, text[text.index("'") + 1 : -1].replace("''", "'"))
        case "bits":
            return Token("bits", text, start, end)
        case "unicode":
            return Token("unicode", text, start, end)
        case "number":
            return Token("number", text, start, end, text)
        case "parameter":
            return Token("parameter", text, start, end, text[1:])
        case "operator":
            return Token("operator", text, start, end, text)
        case _:
            return Token("punctuation", text, start, end, text)


def _continues(text: str, first: Token, second: Token) -> bool:
    """Whether two strings are one: PostgreSQL joins them when only whitespace with a line break is between."""
    if first.kind != "string" or second.kind != "string" or not second.text.startswith("'"):
        return False
    gap = text[first.end : second.start]
    return not first.text.startswith("$") and not gap.strip() and ("\n" in gap or "\r" in gap)


def _operator_end(text: str, start: int) -> int:
    """``=-5`` is two operators: one of several characters ends in a sign only when it has a character of ``~!@#%^&|`?``.

    See "Operators" (https://www.postgresql.org/docs/18/sql-syntax-lexical.html#SQL-SYNTAX-OPERATORS).
    """
    while len(text) > 1 and text[-1] in "+-" and not _SIGN_KEEPERS.search(text):
        text = text[:-1]
    return start + len(text)


def _comment_end(text: str, start: int) -> int:
    depth = 0
    for edge in _BLOCK_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise LexicalError("a comment that begins with /* does not end", start)


def _dollar_end(text: str, tag: re.Match[str]) -> int:
    found = text.find(tag.group(), tag.end())
    if found < 0:
        raise LexicalError("a dollar-quoted string does not end", tag.start())
    return found + len(tag.group())


def _unescape(body: str) -> str:
    def replace(match: re.Match[str]) -> str:
        byte, short, long, octal, plain = match.groups()
        if byte or short or long:
            code = int(byte or short or long, 16)
            return chr(code) if code <= 0x10FFFF else "\ufffd"
        if octal:
            return chr(int(octal, 8) & 0xFF)
        if plain:
            return _SIMPLE_ESCAPES.get(plain, plain)
        return "'"

    return _ESCAPE.sub(replace, body)


def _complaint(text: str, position: int) -> str:
    character = text[position]
    if character == "\x00":
        return "the text holds a NUL character"
    if character in "'\"":
        return f"a text that begins with {character} does not end"
    return f"the character U+{ord(character):04X} has no place in SQL"
