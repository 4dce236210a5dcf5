"""Searches of one statement with its captured values: what a parameter inside an expression always is, which forms a pattern has.

PostgreSQL matches an expression index only by constants (https://www.postgresql.org/docs/18/indexes-expressional.html), and finds
the prefix of a LIKE only in one that it knows. A parameter counts as a constant in an expression when every captured sample has
the same value: there it is a JSON key, a unit of time or a time zone, written once in the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from indexical.candidates.facts import Search, TableFacts
from indexical.model import Key, Statement

_PLACE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?P<number>\d+)""")
_WHOLE_TYPES = frozenset({"integer", "bigint", "smallint", "int4", "int8", "int2", "int"})
_WHOLE = re.compile(r"-?\d{1,9}\Z")
_WILD = re.compile(r"[%_]")
_REGEX_MARKS = frozenset(".^$*+?()[]{}|\\")
_WORD_RUN = re.compile(r"\w{3}")
UNKNOWN = "\x00"
"""Stands in a pattern for a piece that is not known."""


def settled(table: TableFacts, statement: Statement) -> tuple[Search, ...]:
    """The searches whose key is the same at every call, parameters written out."""
    found = [_settled(search, statement) for search in table.searches]
    return tuple(search for search in found if search is not None)


def settled_keys(keys: Iterable[Key], statement: Statement) -> tuple[Key, ...]:
    """Sort or group keys up to the first that is not the same at every call."""
    found = []
    for key in keys:
        made = _settled_key(key, statement)
        if made is None:
            break
        found.append(made)
    return tuple(found)


def _settled(search: Search, statement: Statement) -> Search | None:
    if "$" not in search.key.expression:
        return search
    key = _settled_key(search.key, statement)
    return None if key is None else replace(search, key=key)


def _settled_key(key: Key, statement: Statement) -> Key | None:
    if "$" not in key.expression:
        return key
    unknown = []

    def write(match: re.Match[str]) -> str:
        if not match["number"]:
            return match[0]
        value = _steady(int(match["number"]), statement)
        if value is None:
            unknown.append(match[0])
            return match[0]
        return value

    text = _PLACE.sub(write, key.expression)
    return None if unknown else replace(key, expression=text)


def _steady(number: int, statement: Statement) -> str | None:
    """The one value a parameter ever had, as SQL; None when it varies or is not known."""
    values = {sample[number - 1] if number <= len(sample) else None for sample in statement.samples}
    value = values.pop() if len(values) == 1 else None
    if value is None or "\\" in value or "\x00" in value:
        return None
    kind = statement.types[number - 1] if number <= len(statement.types) else ""
    if kind in _WHOLE_TYPES and _WHOLE.match(value):
        return value
    return "'" + value.replace("'", "''") + "'"


def patterns(search: Search, statement: Statement) -> tuple[str, ...]:
    """The texts that a pattern took, sorted, with :data:`UNKNOWN` for pieces not known; empty when nothing is known."""
    numbers = {int(piece[1:]) for piece in search.pattern if piece.startswith("$")}
    if not numbers or not statement.samples:
        text = "".join(_piece(piece, dict.fromkeys(numbers)) for piece in search.pattern)
        return () if set(text) <= {UNKNOWN} else (text,)
    found = set()
    for sample in statement.samples:
        values = {n: sample[n - 1] if n <= len(sample) else None for n in numbers}
        # A pattern that is NULL finds nothing, with or without an index.
        if None not in values.values():
            found.add("".join(_piece(piece, values) for piece in search.pattern))
    return tuple(sorted(found))


def _piece(piece: str, values: Mapping[int, str | None]) -> str:
    if piece.startswith("="):
        return piece[1:]
    return (values[int(piece[1:])] if piece.startswith("$") else None) or UNKNOWN


def is_prefix(kind: str, text: str) -> bool:
    """Whether a pattern fixes how a text begins: ``abc%``, ``^abc``."""
    if kind == "starts":
        return bool(text)
    if kind == "like":
        head = text.replace("\\%", "").replace("\\_", "")
        first = _WILD.search(head)
        # A pattern without a wildcard is an equality, which the same index answers.
        return bool(head) and (first is None or first.start() > 0)
    if kind == "regex":
        return len(text) > 1 and text[0] == "^" and text[1] not in _REGEX_MARKS and not _loosened(text)
    return False


def _loosened(regex: str) -> bool:
    """Whether the first letter may be missing, or another branch begins otherwise."""
    return "|" in regex or regex[2:3] in ("*", "?", "{")


def has_trigram(kind: str, text: str) -> bool:
    """Whether a pattern holds three letters or digits in a row, without which a trigram index finds nothing in particular."""
    plain = re.sub(r"\\[a-zA-Z]|[\[(].*?[\])]", " ", text) if kind in ("regex", "iregex") else text
    plain = plain.replace("_", " ") if kind in ("like", "ilike") else plain
    return bool(_WORD_RUN.search(plain.replace(UNKNOWN, "abc")))
