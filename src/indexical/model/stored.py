"""Indexes and other values read back from JSON that somebody may have edited: shapes and types are checked, nothing is trusted.

What cannot be is a :class:`ValueError` or a :class:`TypeError`; whoever reads the file says which file and what to do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from indexical.model.index import ExistingIndex, Index, Key, MadeFor
from indexical.model.sqltext import tree

T = TypeVar("T")

_NOT_INSIDE = ("--", "/*", "*/", ";", "\\", "$$")
"""What could end an expression's statement or hide the rest of it."""
_UNENDED = ("'", '"', "$")
"""A quote that is not closed, or one between dollars, which is not read here."""


def built(cls: type[T], values: Mapping[str, Any]) -> T:
    """An instance of a dataclass whose plain fields are checked against their defaults' types.

    Fields that this program does not know are left out: a later version may have written them.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for name, field in fields.items():
        if name in values and isinstance(field.default, str | bool | int | float):
            wanted = (int, float) if isinstance(field.default, float) else type(field.default)
            if not isinstance(values[name], wanted):
                raise TypeError(f"{name} is {type(values[name]).__name__}")
    return cls(**{name: value for name, value in values.items() if name in fields})


def string(value: object) -> str:
    """The value, which has to be text that a database and a file can hold."""
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    value.encode()  # A lone surrogate is no text.
    if "\0" in value:
        raise ValueError("a text holds a NUL character")
    return value


def whole(value: object) -> int:
    """The value, which has to be a whole number that fits the database's."""
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise TypeError(f"expected a whole number, found {type(value).__name__}")
    return value


def index_from(raw: Mapping[str, Any], one_expression: Callable[[str], None] | None = None) -> Index:
    """The index that ``dataclasses.asdict`` has written.

    ``one_expression`` raises for SQL text that is more than one expression; left out: :func:`lone_expression`.
    """
    check = one_expression or lone_expression
    keys = tuple(built(Key, key) for key in raw["keys"])
    index = built(
        Index, {**raw, "keys": keys, "include": tuple(string(column) for column in raw.get("include", ()))}
    )
    for name in (index.schema, index.table, index.method, *index.include, *(key.column for key in keys)):
        string(name)
    for text in (index.predicate, *(key.expression for key in keys)):
        check(string(text))
    return index


def existing_from(
    raw: Mapping[str, Any], one_expression: Callable[[str], None] | None = None
) -> ExistingIndex:
    """The existing index that ``dataclasses.asdict`` has written."""
    options = tuple((string(name), string(value)) for name, value in raw.get("options", ()))
    index = index_from(raw["index"], one_expression)
    return built(ExistingIndex, {**raw, "name": string(raw["name"]), "index": index, "options": options})


def made_for_from(raw: Mapping[str, Any]) -> MadeFor:
    """The state of a table that ``dataclasses.asdict`` has written."""
    columns = tuple((string(name), string(kind)) for name, kind in raw.get("columns", ()))
    return built(MadeFor, {**raw, "columns": columns})


def lone_expression(text: str) -> None:
    """Refuses text that could be more than an expression inside a statement, or the end of one."""
    if not text:
        return
    items = tree(text)
    if items is None:
        raise ValueError("an index has an expression with a bracket too many or too few")
    for token in _tokens(items):
        quoted = len(token) > 1 and token[-1] in "'\"" and token.lstrip("eE")[0] == token[-1]
        if not quoted and (token in _UNENDED or any(mark in token for mark in _NOT_INSIDE)):
            raise ValueError("an index is not to hold a comment or a second statement")


def _tokens(items: list[object]) -> Iterator[str]:
    for item in items:
        if isinstance(item, list):
            yield from _tokens(item)
        else:
            yield str(item)
