"""One spelling for the SQL text of predicates and expression keys, so that two texts can be compared.

PostgreSQL prints what it stored, not what was written: ``status = 'NEW'`` comes back as ``((status)::text = 'NEW'::text)``. The
spelling here drops what PostgreSQL adds (parentheses around one thing, casts of text to text, quotes a name does not need) and
orders the parts of AND and OR. It is for comparing only and never sent to a server. Two texts that differ in meaning keep
different spellings; two that are the same in a way this does not know stay apart, which errs towards keeping an index.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"""\s*(?: (?P<string>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*') | (?P<quoted>"(?:[^"]|"")*") | (?P<word>[^\W\d][\w$]*)
      | (?P<number>\d+(?:\.\d+)?) | (?P<mark>::|[(),\[\].]|[-+*/<>=~!@\#%^&|`?:]+|\S) )""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_$]*\Z")
_TEXT_TYPES = frozenset({"text", "varchar", "character varying"})
"""Types that a column or an expression of text may be cast to without comparing differently; ``citext`` and ``char`` do."""
_NUMBER_TYPES = frozenset({"smallint", "integer", "bigint", "numeric"})
_TELLING_TYPES = _NUMBER_TYPES | {"date", "timestamp", "time", "interval", "real", "double", "json", "jsonb"}
"""Types that change what a literal means to the operator beside it."""
_SIGNED = re.compile(r"([*/<>=]+)([-+])")
"""An operator of these characters never ends in a sign: the sign belongs to what follows
(https://www.postgresql.org/docs/18/sql-syntax-lexical.html#SQL-SYNTAX-OPERATORS)."""
_NEGATIVE = re.compile(r"'-(\d+(?:\.\d+)?)'")
_BEFORE_GROUP = frozenset(
    {"not", "and", "or", "where", "is", "when", "then", "else", "case", "like", "between"}
)


_LITERAL = re.compile(
    r"""(?P<name>"(?:[^"]|"")*"|\$\d+)|E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\b"""
)
"""Literals as PostgreSQL prints them in a plan, and the quoted names and parameters that have to be stepped over."""


def without_literals(text: str) -> str:
    """A condition as PostgreSQL prints it in a plan, with ``...`` for every literal: they are values of rows."""
    return _LITERAL.sub(_hidden, text)


def _hidden(match: re.Match[str]) -> str:
    return match[0] if match["name"] else "..."


@lru_cache(maxsize=65536)
def normalised(text: str) -> str:
    """The comparable spelling of an SQL expression; the empty text stays empty."""
    if not text.strip():
        return ""
    try:
        items, rest = _nest(_pieces(text), 0)
        return _render(items)[1] if rest == -1 else " ".join(text.split())
    except RecursionError:
        return " ".join(text.split())


def tree(text: str) -> list[object] | None:
    """The text as nested lists of tokens, one list for each pair of parentheses; None when it cannot be read."""
    try:
        items, rest = _nest(_pieces(text), 0)
    except RecursionError:
        return None
    return items if rest == -1 else None


def spelling(items: list[object]) -> str:
    """The comparable spelling of a part of a :func:`tree`."""
    return _render(items)[1]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for match in _TOKEN.finditer(text.rstrip()):
        piece = match.group(match.lastgroup or 0)
        if match.lastgroup == "word":
            piece = piece.lower()
        elif match.lastgroup == "quoted" and _PLAIN_NAME.match(piece[1:-1]):
            piece = piece[1:-1]
        signed = _SIGNED.fullmatch(piece)
        pieces += signed.groups() if signed else (piece,)
    return pieces


def _nest(pieces: list[str], start: int) -> tuple[list[object], int]:
    """Tokens as lists within lists, one for each pair of parentheses; -1 as position means that all were balanced."""
    items: list[object] = []
    position = start
    while position < len(pieces):
        piece = pieces[position]
        if piece == "(":
            inner, position = _nest(pieces, position + 1)
            if position == -1:
                return items, len(pieces)
            items.append(inner)
        elif piece == ")":
            return items, (position if start else len(pieces))
        else:
            items.append(piece)
        position += 1
    return items, -1


def split(items: list[object], word: str) -> list[list[object]]:
    """The parts that a word (``and``, ``or`` or a comma) joins; one part when it does not occur by itself."""
    parts: list[list[object]] = [[]]
    between = cases = 0
    for item in items:
        if item == "between":
            between += 1
        cases = max(0, cases + (item == "case") - (item == "end"))
        if item == word and not cases and not (word == "and" and between):
            parts.append([])
            continue
        if item == "and" and between:
            between -= 1
        parts[-1].append(item)
    return parts


def _render(items: list[object]) -> tuple[str, str]:
    """The kind of a text (``or``, ``and``, ``list``, ``atom`` or ``other``) and its spelling."""
    if len(items) == 1 and isinstance(items[0], list):
        return _render(items[0])
    for word in (",", "or", "and"):
        parts = split(items, word)
        if len(parts) == 1:
            continue
        if word == ",":
            return "list", ", ".join(_render(part)[1] for part in parts)
        return word, f" {word} ".join(sorted({text for part in parts for text in _operands(part, word)}))
    return _sequence(items)


def _operands(items: list[object], word: str) -> list[str]:
    kind, text = _render(items)
    if kind == word:
        return _flat(items, word)
    return [f"({text})"] if kind == "or" else [text]


def _flat(items: list[object], word: str) -> list[str]:
    while len(items) == 1 and isinstance(items[0], list):
        items = items[0]
    return [text for part in split(items, word) for text in _operands(part, word)]


def _sequence(items: list[object]) -> tuple[str, str]:
    words: list[str] = []
    atom = True
    position = 0
    while position < len(items):
        item = items[position]
        if isinstance(item, list):
            called = bool(words) and _calls(words[-1])
            kind, text = _render(item)
            atom = not called and kind == "atom"
            words.append(text if atom else f"({text})")
        elif item == "::" and words:
            length, name = type_name(items, position + 1)
            number = _number(words[-1], name)
            if number:
                words[-1] = number
            elif not (atom and _harmless(words[-1], name)):
                words.append(f":: {name}")
                atom = False
            position += length
        else:
            words.append(str(item))
            atom = True
        position += 1
    return ("atom" if len(words) == 1 and atom else "other"), " ".join(words)


def _calls(word: str) -> bool:
    """Whether parentheses after the word are arguments or a list, rather than grouping."""
    return bool(re.match(r'[^\W\d]|"', word)) and word not in _BEFORE_GROUP


def type_name(items: list[object], start: int) -> tuple[int, str]:
    """How many items the type's name after ``::`` takes, and the name with its length."""
    position = start
    name: list[str] = []
    while position < len(items):
        item = items[position]
        follows = not name or name[-1] == "." or item == "."
        if isinstance(item, list) and name:
            name.append(f"({_render(item)[1]})")
        elif item == "[" and items[position + 1 : position + 2] == ["]"]:
            name.append("[]")
            position += 1
        elif follows or item in ("varying", "precision", "with", "without", "time", "zone"):
            name.append(str(item))
        else:
            break
        position += 1
    return position - start, " ".join(name).replace(" . ", ".").strip()


def _harmless(value: str, name: str) -> bool:
    """Casts that PostgreSQL adds by itself: text to text, and a literal to the type of the column it is compared with."""
    if value.startswith(("'", "e'", "E'")):
        # A length cuts the literal off.
        return "(" not in name and name.partition(" ")[0] not in _TELLING_TYPES
    return name in _TEXT_TYPES


def _number(value: str, name: str) -> str:
    """PostgreSQL writes ``-5`` as ``'-5'::integer``."""
    match = _NEGATIVE.fullmatch(value)
    return f"- {match.group(1)}" if match and name in _NUMBER_TYPES else ""
