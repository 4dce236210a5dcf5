"""Values of the model as JSON and back: written without what is left at its default, read with every type checked.

What is read is foreign: nothing is taken for what it claims to be. Types, names, ranges of numbers and the number of items
are checked while values are made, and the first thing that is wrong ends it.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any

DEEPEST = 12
"""Nesting of one record; the deepest real one has 6."""
LONGEST_NAME = 255
"""Characters; PostgreSQL cuts names at 63 bytes."""
_LARGEST_INTEGER = 2**63

_NAMES = frozenset({"schema", "name", "target_schema", "target_table"})
_COUNTS = frozenset(
    {
        "pages",
        "size",
        "scans",
        "calls",
        "inserts",
        "updates",
        "hot_updates",
        "deletes",
        "oid",
        "average_width",
        "position",
    }
)
_MOST_PAGES = 2**32
"""PostgreSQL's own limit of a relation."""
_PAGE = 8192


class WrongError(ValueError):
    """Something that a snapshot never has; the text says where, never what."""


def plain(value: Any) -> Any:
    """A record as dictionaries and lists; fields at their default are left out, which makes files much smaller."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = {}
        for name, default in _defaults(type(value)):
            item = getattr(value, name)
            if item != default:
                found[name] = plain(item)
        return found
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


@cache
def _defaults(kind: type) -> tuple[tuple[str, Any], ...]:
    """Fields with their defaults; one without has an object that equals nothing."""
    found = []
    for field in dataclasses.fields(kind):
        default: Any = object() if field.default is dataclasses.MISSING else field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        found.append((field.name, default))
    return tuple(found)


def made(kind: Any, value: Any, where: str) -> Any:
    """The value as its type says, checked all the way down. Raises :class:`WrongError`."""
    return _made(kind, value, where, 0)


def _made(kind: Any, value: Any, where: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise WrongError(f"{where} is nested too deeply")
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _made_record(kind, value, where, depth)
    origin = typing.get_origin(kind)
    if origin is tuple:
        return _made_tuple(typing.get_args(kind), value, where, depth)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        inner = next(part for part in typing.get_args(kind) if part is not types.NoneType)
        return _made(inner, value, where, depth)
    return _made_scalar(kind, value, where)


def _made_scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise WrongError(f"{where} is not of type {kind.__name__}")
    if kind is str and not value.isascii():
        _check_text(value, where)
    elif kind is str and "\x00" in value:
        raise WrongError(f"{where} holds a NUL character")
    elif kind is int and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        raise WrongError(f"{where} is too large a number")
    return value


def _check_text(value: str, where: str) -> None:
    if "\x00" in value:
        raise WrongError(f"{where} holds a NUL character")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise WrongError(f"{where} is no text") from None


def _made_tuple(parts: tuple[Any, ...], value: Any, where: str, depth: int) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise WrongError(f"{where} is no list")
    if len(parts) == 2 and parts[1] is Ellipsis:
        if parts[0] is float:
            return tuple(_made_scalar(float, item, where) for item in value)
        return tuple(_made(parts[0], item, where, depth + 1) for item in value)
    if len(parts) != len(value):
        raise WrongError(f"{where} has the wrong number of items")
    return tuple(_made(part, item, where, depth + 1) for part, item in zip(parts, value, strict=True))


def _made_record(kind: type, value: Any, where: str, depth: int) -> Any:
    if not isinstance(value, dict):
        raise WrongError(f"{where} is no object")
    fields, make = _fields(kind)
    if any(name not in fields for name in value):
        raise WrongError(f"{where} holds something unknown")
    found = {}
    for name, item in value.items():
        place = f"{where}.{name}"
        found[name] = _made(fields[name], item, place, depth + 1)
        if name in _NAMES or name in _COUNTS:
            _check_field(name, found[name], place)
    try:
        return make(**found)
    except (TypeError, ValueError):
        raise WrongError(f"{where} is incomplete") from None


def _check_field(name: str, value: Any, where: str) -> None:
    if name in _NAMES and not 0 < len(value) <= LONGEST_NAME:
        raise WrongError(f"{where} is no name")
    if name in _COUNTS and value < 0:
        raise WrongError(f"{where} is negative")
    if (name == "pages" and value > _MOST_PAGES) or (name == "size" and value > _MOST_PAGES * _PAGE):
        raise WrongError(f"{where} is larger than any relation")


@cache
def _fields(kind: type) -> tuple[dict[str, Any], Callable[..., Any]]:
    return typing.get_type_hints(kind), kind
