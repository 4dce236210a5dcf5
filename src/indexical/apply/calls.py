"""Which functions and casts the expressions of an index use, read from their text; pure.

Only what could be a call is looked for, so that the catalog has the last word on what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from indexical.model import Index
from indexical.model.sqltext import split, tree, type_name

_NO_CALL_TEXT = """
    and any all array as at between bit both by case cast char character coalesce collate decimal distinct else end every
    exists filter from greatest group having if in interval into is join lateral least like limit not null nullif numeric on
    or order over partition row select similar some table then time timestamp trim using values varchar when where window
    with within returning return returns declare begin loop elsif while
"""
_NO_CALL = frozenset(_NO_CALL_TEXT.split())
"""Words before a parenthesis that is no list of arguments of a function in the catalog."""
_ENDS_OPERAND = _NO_CALL | frozenset(["is", "isnull", "notnull", "ilike", "asc", "desc", "nulls", "zone"])
_WORD = re.compile(r'(?:[^\W\d][\w$]*|"(?:[^"]|"")*")\Z')
_NOW_TEXT = """
    current_date current_time current_timestamp localtime localtimestamp current_user session_user user current_role
    current_schema current_catalog
"""
_NOW = frozenset(_NOW_TEXT.split())
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_RELATION_AFTER = frozenset(["from", "join", "into", "update"])


@dataclass(frozen=True, slots=True, order=True)
class Call:
    schema: str
    """Empty when it is not qualified."""
    name: str
    arguments: tuple[str, ...]
    """SQL texts."""


@dataclass(frozen=True, slots=True, order=True)
class Cast:
    operand: str
    type: str


def expressions(index: Index) -> tuple[str, ...]:
    """Every expression of an index: its keys and its predicate."""
    texts = [key.expression for key in index.keys if key.expression]
    return tuple([*texts, index.predicate] if index.predicate else texts)


def calls(text: str) -> tuple[Call, ...]:
    """The function calls of an expression, nested ones too."""
    return tuple(_calls(tree(text) or []))


def casts(text: str) -> tuple[Cast, ...]:
    """The casts of an expression."""
    return tuple(_casts(tree(text) or []))


def moments(text: str) -> tuple[str, ...]:
    """Words that stand for the time or the session, such as ``current_date``."""
    return tuple(sorted({str(item) for item in _leaves(tree(text) or []) if item in _NOW}))


def unqualified(body: str) -> frozenset[str]:
    """Names in the body of a function that are looked up by the search path: functions, tables and types."""
    items = tree(_COMMENT.sub(" ", body)) or []
    found = {_bare(call.name) for call in _calls(items) if not call.schema}
    return frozenset(found | set(_relations(items)) | {_bare(cast.type) for cast in _casts(items)})


def _leaves(items: list[object]) -> Iterator[object]:
    for item in items:
        if isinstance(item, list):
            yield from _leaves(item)
        else:
            yield item


def _calls(items: list[object]) -> Iterator[Call]:
    for place, item in enumerate(items):
        if not isinstance(item, list):
            continue
        word = items[place - 1] if place else ""
        if isinstance(word, str) and _WORD.match(word) and word not in _NO_CALL:
            qualified = place > 2 and items[place - 2] == "."
            schema = _bare(str(items[place - 3])) if qualified else ""
            yield Call(schema, _bare(word), _arguments(word, item))
        yield from _calls(item)


def _arguments(word: str, items: list[object]) -> tuple[str, ...]:
    if word == "extract" and "from" in items:
        place = items.index("from")
        return (f"'{_sql(items[:place])}'", _sql(items[place + 1 :]))
    return tuple(_sql(part) for part in split(items, ",")) if items else ()


def _casts(items: list[object]) -> Iterator[Cast]:
    start = 0
    for place, item in enumerate(items):
        if isinstance(item, list):
            yield from _casts(item)
            if place and items[place - 1] == "cast" and "as" in item:
                middle = item.index("as")
                yield Cast(_sql(item[:middle]), _sql(item[middle + 1 :]))
        elif item == "::":
            _, name = type_name(items, place + 1)
            if place > start and not _constant(items[start:place]):
                yield Cast(_sql(items[start:place]), name)
        elif item in _ENDS_OPERAND or (
            item != "." and not _WORD.match(str(item)) and not _literal(str(item))
        ):
            start = place + 1


def _constant(items: list[object]) -> bool:
    """A literal becomes a value of the type when the statement is read, whatever the cast's function is like."""
    return len(items) == 1 and ((str(items[0])[:1] in "'eE" and "'" in str(items[0])) or items[0] == "null")


def _literal(item: str) -> bool:
    return item[:1] in "'eE0123456789" or item in ("[", "]")


def _relations(items: list[object]) -> Iterator[str]:
    for place, item in enumerate(items):
        if isinstance(item, list):
            yield from _relations(item)
        elif item in _RELATION_AFTER and place + 1 < len(items):
            name = items[place + 1]
            after = items[place + 2] if place + 2 < len(items) else ""
            if isinstance(name, str) and _WORD.match(name) and after != ".":
                yield _bare(name)


def _bare(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') else word


def _sql(items: list[object]) -> str:
    return " ".join(f"({_sql(item)})" if isinstance(item, list) else str(item) for item in items)
