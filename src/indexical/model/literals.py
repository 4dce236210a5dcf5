"""Constants in the text of a predicate, and what is certain about two of them: the same, different, less.

Only what holds whatever the column's type and collation may be is said. Two texts differ when they do so in more than case,
punctuation and leading zeros, since a collation may ignore those
(https://www.postgresql.org/docs/18/collation.html#COLLATION-NONDETERMINISTIC); one is never less than another. Numbers
differ only when they still do in double precision.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from indexical.model.sqltext import split, type_name

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TEXT_TYPES = frozenset({"text", "character varying", "varchar"})
_INTEGERS = frozenset({"smallint", "integer", "bigint", "int2", "int4", "int8"})
_EXACT = _INTEGERS | {"numeric"}
_MOMENTS = {
    "date": "date",
    "timestamp": "timestamp",
    "timestamp without time zone": "timestamp",
    "timestamptz": "timestamptz",
    "timestamp with time zone": "timestamptz",
}
_ISO = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "timestamp": re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?"),
    "timestamptz": re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[-+]\d\d(:\d\d)?"),
}
_ORDERED = frozenset({"number", "float", "date", "timestamp", "timestamptz", "uuid"})
_TELLING = _ORDERED | {"boolean"}
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_SILENT = re.compile(r"[^0-9a-z]")


@dataclass(frozen=True, slots=True)
class Value:
    """A constant, or a term in a constant's place."""

    kind: str
    """``number``, ``float``, ``text``, ``date``, ``timestamp``, ``timestamptz``, ``uuid``, ``boolean``, ``term``, the name of
    another type, or empty for a string of no stated type."""
    text: str
    """As it is written, without a type."""
    amount: Decimal | datetime | int | None = field(default=None, compare=False)
    """What orders it among its kind."""


TRUE = Value("boolean", "true", 1)
FALSE = Value("boolean", "false", 0)


def same(one: Value, other: Value) -> bool:
    if one.kind == other.kind:
        return one.text == other.text or (one.amount is not None and one.amount == other.amount)
    if "" in (one.kind, other.kind):
        # The type that one text leaves out is the one that the other gives.
        return one.text == other.text and not {one.kind, other.kind} & (_TELLING | {"term"})
    return False


def is_less(one: Value, other: Value) -> bool:
    if one.kind != other.kind or one.kind not in _ORDERED or one.amount is None or other.amount is None:
        return False
    if isinstance(one.amount, Decimal) and isinstance(other.amount, Decimal):
        return one.amount < other.amount and float(one.amount) < float(other.amount)
    return bool(one.amount < other.amount)  # type: ignore[operator]


def differ(one: Value, other: Value) -> bool:
    if one.kind != other.kind:
        return False
    if one.kind == "boolean":
        return one.text != other.text
    if one.kind == "text":
        mine, theirs = _audible(one.text), _audible(other.text)
        return bool(mine) and bool(theirs) and mine != theirs
    return is_less(one, other) or is_less(other, one)


def literal(items: list[object]) -> Value | None:
    """The constant that the items of a text are; None when they are anything else, or NULL."""
    while len(items) == 1 and isinstance(items[0], list):
        items = items[0]
    if "::" in items:
        at = len(items) - 1 - items[::-1].index("::")
        inner = literal(items[:at])
        length, name = type_name(items, at + 1)
        return None if inner is None or length != len(items) - at - 1 else _cast(inner, name)
    sign = ""
    if len(items) == 2 and items[0] in ("-", "+"):
        sign, items = ("-" if items[0] == "-" else ""), items[1:]
    if len(items) != 1 or not isinstance(items[0], str):
        return None
    text = items[0]
    if _NUMBER.fullmatch(text):
        return Value("number", sign + text, Decimal(sign + text))
    if sign:
        return None
    if text in ("true", "false"):
        return TRUE if text == "true" else FALSE
    # The text of a row may hold NULLs that no comparison shows.
    return Value("", text) if text.startswith("'") and not text.startswith("'(") else None


def literals(items: list[object]) -> tuple[Value, ...] | None:
    """The constants of a list or of ``ARRAY[...]``, with any type the array is given; None when something else is among them."""
    name = ""
    while True:
        if len(items) == 1 and isinstance(items[0], list):
            items = items[0]
        elif len(items) > 2 and "::" in items[1:] and isinstance(items[0], list):
            length, name_here = type_name(items, 2)
            if items[1] != "::" or length != len(items) - 2 or not name_here.endswith("[]"):
                return None
            name = name or name_here.removesuffix("[]").strip()
            items = items[0]
        else:
            break
    if items[:2] == ["array", "["]:
        end = len(items) - 1 - items[::-1].index("]") if "]" in items else 0
        # `ARRAY[...]::text[]` ends in brackets of its type.
        if items[end - 1 : end] == ["["]:
            cut = end - 1
            while cut and items[cut] != "::":
                cut -= 1
            name = name or type_name(items, cut + 1)[1].removesuffix("[]").strip()
            items, end = items[:cut], cut - 1
        if end != len(items) - 1:
            return None
        items = items[2:end]
    values = [literal(part) for part in split(items, ",")]
    cast = [_cast(value, name) if value is not None and name else value for value in values]
    found = tuple(value for value in cast if value is not None and not value.kind.endswith("[]"))
    return found if len(found) == len(cast) else None


def _cast(value: Value, name: str) -> Value | None:
    if value.kind == "number":
        return _cast_number(value, name)
    if value.kind not in ("", "text") and value.kind != name:
        return None
    if name in _TEXT_TYPES:
        return Value("text", value.text)
    if value.kind == "text":
        return None
    inner = value.text[1:-1]
    if name == "boolean":
        return TRUE if inner in ("t", "true") else FALSE if inner in ("f", "false") else None
    if name in _EXACT or name == "double precision":
        if not re.fullmatch(r"-?" + _NUMBER.pattern, inner):
            return None
        return _cast_number(Value("number", inner, Decimal(inner)), name)
    if name in _MOMENTS:
        return _moment(value.text, inner, _MOMENTS[name])
    if name == "uuid":
        try:
            return Value("uuid", value.text, UUID(inner).int)
        except ValueError:
            return None
    return Value(name, value.text)


def _cast_number(value: Value, name: str) -> Value | None:
    if name == "double precision":
        return Value("float", value.text, value.amount)
    if name == "numeric" or (name in _INTEGERS and "." not in value.text):
        return value
    return None


def _moment(text: str, inner: str, kind: str) -> Value:
    """A date or a time in the form PostgreSQL prints; any other form is only like itself."""
    if not _ISO[kind].fullmatch(inner):
        return Value(kind, text)
    try:
        if kind == "date":
            day = date.fromisoformat(inner)
            return Value(kind, text, datetime(day.year, day.month, day.day))  # noqa: DTZ001 - compared, not told
        return Value(kind, text, datetime.fromisoformat(inner))
    except ValueError:
        return Value(kind, text)


def _audible(text: str) -> str:
    """What no collation ignores of a plain text; empty when nothing is certain."""
    if not text.isascii():
        return ""
    return _SILENT.sub("", _LEADING_ZEROS.sub("", text.lower()))
