"""Expressions over one table's row, written the way an index key can hold them.

PostgreSQL uses an expression index only where a statement has the very same expression
(https://www.postgresql.org/docs/18/indexes-expressional.html) and builds one only on IMMUTABLE functions. So an expression is
written out from the statement's tree function by function, and anything not known to be immutable makes it no key at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates import immutability as known
from indexical.candidates.blocks import Block, Source
from indexical.candidates.parsing import bare, folded
from indexical.ddl import quote

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

_ARITHMETIC: dict[type, str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_ARROWS: dict[type, tuple[str, str]] = {
    exp.JSONExtract: ("->", "jsonb"),
    exp.JSONExtractScalar: ("->>", known.TEXT),
    exp.JSONBExtract: ("#>", "jsonb"),
    exp.JSONBExtractScalar: ("#>>", known.TEXT),
}
_TYPES = {
    "TEXT": known.TEXT,
    "VARCHAR": "character varying",
    "CHAR": "character",
    "INT": "integer",
    "BIGINT": "bigint",
    "SMALLINT": "smallint",
    "DECIMAL": "numeric",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "BOOLEAN": "boolean",
    "UUID": "uuid",
    "DATE": "date",
    "TIME": "time without time zone",
    "TIMESTAMP": known.TIMESTAMP,
    "TIMESTAMPTZ": known.TIMESTAMPTZ,
    "INTERVAL": "interval",
    "JSONB": "jsonb",
    "JSON": "json",
    "INET": "inet",
}
_STRING = re.compile(r"'(?:[^']|'')*'")
_SIMPLE = re.compile(r"(?:\w+|\"(?:[^\"]|\"\")*\"|\w+(?:\.\w+)?\(.*\)|'(?:[^']|'')*')\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Written:
    """An expression as an index key could hold it."""

    sql: str
    """With ``$n`` where the statement has a parameter; without outer parentheses."""
    type: str = ""
    """Without its length; empty when unknown, as that of a literal or a parameter is."""
    columns: tuple[str, ...] = ()
    source: Source | None = None
    """The table; None for a constant."""
    is_column: bool = False


class NotAKey(Exception):
    """The expression cannot be a key of an index; never leaves this module."""


def written(node: Node, block: Block) -> Written | None:
    """The expression, when it is computed from one table of the block, by immutable functions only, and is no bare column."""
    node = bare(node)
    if isinstance(node, (exp.Literal, exp.Parameter, exp.Star)):
        return None
    try:
        found = _write(node, block)
    except NotAKey:
        return None
    return found if found.source is not None and not found.is_column else None


def _write(node: Node, block: Block) -> Written:
    node = bare(node)
    if isinstance(node, exp.Column):
        return _column(node, block)
    for kind, write in _WRITERS:
        if isinstance(node, kind):
            return write(node, block)
    raise NotAKey


def _column(node: exp.Column, block: Block) -> Written:
    found = block.means(node)
    if found is None or found.outer:
        raise NotAKey
    if found.output.node is not None and found.output.block is not None:
        return _write(found.output.node, found.output.block)
    if len(found.spots) != 1 or found.source.table is None:
        raise NotAKey
    column = found.source.table.column(found.column)
    if column is None:
        raise NotAKey
    name = "" if column.type_kind in "ec" else block.names.type_of(column)
    return Written(quote(column.name), name or column.type, (column.name,), found.source, is_column=True)


def _constant(node: Node, block: Block) -> Written:
    if isinstance(node, exp.Parameter):
        if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return Written(f"${node.this.this}")
    elif isinstance(node, exp.Literal):
        text = str(node.this)
        if not node.is_string:
            return Written(text, "numeric" if not text.isdecimal() else "integer")
        if "\\" not in text and "\x00" not in text:
            return Written("'" + text.replace("'", "''") + "'")
    elif isinstance(node, exp.Boolean):
        return Written("true" if node.this else "false", "boolean")
    raise NotAKey


def _negative(node: Node, block: Block) -> Written:
    inner = _write(node.this, block)
    if inner.type not in known.NUMBERS:
        raise NotAKey
    return _made(f"- {_operand(inner)}", inner.type, (inner,))


def _cast(node: Node, block: Block) -> Written:
    inner = _write(node.this, block)
    target = node.args["to"]
    if isinstance(target, exp.ObjectIdentifier):
        if str(target.this).upper() != "REGCONFIG" or inner.source is not None:
            raise NotAKey
        return _made(f"{_operand(inner)}::regconfig", "regconfig", (inner,))
    if not isinstance(target, exp.DataType) or target.args.get("nested"):
        raise NotAKey
    name = _TYPES.get(getattr(target.this, "name", ""), "")
    if not name or (inner.source is not None and not known.cast_type(inner.type, name)):
        raise NotAKey
    if inner.source is None and name in (known.TIMESTAMPTZ, known.TIMESTAMP, "date", "interval"):
        raise NotAKey
    lengths = ", ".join(str(part.this) for part in target.expressions)
    return _made(f"{_operand(inner)}::{name}{f'({lengths})' if lengths else ''}", name, (inner,))


def _arithmetic(node: Node, block: Block) -> Written:
    left, right = _write(node.this, block), _write(node.expression, block)
    sides = [each.type for each in (left, right) if each.source is not None or each.type]
    if not all(side in known.NUMBERS for side in sides):
        raise NotAKey
    kind = sides[0] if len(set(sides)) == 1 else "numeric"
    return _made(f"{_operand(left)} {_ARITHMETIC[type(node)]} {_operand(right)}", kind, (left, right))


def _joined(node: Node, block: Block) -> Written:
    """``||``: immutable between texts and what is turned into text immutably, or between words for a text search."""
    parts = _write(node.this, block), _write(node.expression, block)
    types = {each.type for each in parts if each.type}
    textual = bool(types & known.TEXTS) or any(not each.type for each in parts)
    if textual and not types & known.JSONS and all(known.cast_type(each, known.TEXT) for each in types):
        return _made(" || ".join(map(_operand, parts)), known.TEXT, parts)
    if types == {"tsvector"}:
        return _made(" || ".join(map(_operand, parts)), "tsvector", parts)
    raise NotAKey


def _arrow(node: Node, block: Block) -> Written:
    operator, kind = _ARROWS[type(node)]
    inner, name = _write(node.this, block), _write(node.expression, block)
    if name.source is not None:
        raise NotAKey
    if inner.type in known.JSONS:
        kind = kind if kind == known.TEXT else inner.type
    elif inner.type.rpartition(".")[2] == "hstore" and operator == "->":
        kind = known.TEXT
    else:
        raise NotAKey
    return _made(f"{_operand(inner)} {operator} {_operand(name)}", kind, (inner, name))


def _at_time_zone(node: Node, block: Block) -> Written:
    inner, zone = _write(node.this, block), _write(node.args["zone"], block)
    turned = {known.TIMESTAMPTZ: known.TIMESTAMP, known.TIMESTAMP: known.TIMESTAMPTZ}
    if inner.type not in turned or zone.source is not None:
        raise NotAKey
    return _made(f"{_operand(inner)} AT TIME ZONE {_operand(zone)}", turned[inner.type], (inner, zone))


def _extract(node: Node, block: Block) -> Written:
    inner = _write(node.expression, block)
    if inner.type not in known.UNITS_OF_TIME or not isinstance(node.this, exp.Var):
        raise NotAKey
    return _made(f"EXTRACT({str(node.this.this).lower()} FROM {inner.sql})", "numeric", (inner,))


def _substring(node: Node, block: Block) -> Written:
    parts = [node.this, *(node.args[name] for name in ("start", "length") if node.args.get(name) is not None)]
    return _function("", "substring", [_write(part, block) for part in parts], block)


def _trim(node: Node, block: Block) -> Written:
    if node.args.get("position") or node.args.get("collation"):
        raise NotAKey
    parts = [node.this, *([node.expression] if node.args.get("expression") is not None else [])]
    return _function("", "btrim", [_write(part, block) for part in parts], block)


def _call(node: Node, block: Block) -> Written:
    return _function("", str(node.this).lower(), [_write(part, block) for part in node.expressions], block)


def _qualified_call(node: Node, block: Block) -> Written:
    schema, call = node.this, node.expression
    if not isinstance(schema, exp.Identifier) or not isinstance(call, exp.Anonymous):
        raise NotAKey
    name = "" if folded(schema) == "pg_catalog" else folded(schema)
    return _function(name, str(call.this).lower(), [_write(part, block) for part in call.expressions], block)


def _function(schema: str, name: str, arguments: list[Written], block: Block) -> Written:
    own = block.names.function(schema, name)
    result = own if own is not None else "" if schema else _built_in(name, arguments, block)
    if result is None or (own is None and schema) or not arguments:
        raise NotAKey
    called = f"{quote(schema)}.{quote(name)}" if schema else name
    return _made(f"{called}({', '.join(each.sql for each in arguments)})", result, arguments)


def _built_in(name: str, arguments: list[Written], block: Block) -> str | None:
    """What an immutable built-in function returns; None for any other."""
    first = arguments[0].type if arguments else ""
    if name in known.TEXT_FUNCTIONS:
        texts = first in known.TEXTS or (
            name in ("length", "octet_length", "md5") and first in ("bytea", "tsvector")
        )
        return known.TEXT_FUNCTIONS[name] if texts else None
    if name in known.NUMBER_FUNCTIONS:
        whole = first in known.NUMBERS and name in ("abs", "mod")
        return (first if whole else known.NUMBER_FUNCTIONS[name]) if first in known.NUMBERS else None
    if name in known.ANY_FUNCTIONS:
        return next((each.type for each in arguments if each.source is not None), "")
    if name in known.OTHER_FUNCTIONS:
        return known.OTHER_FUNCTIONS[name]
    return _of_time_or_words(name, arguments, block)


def _of_time_or_words(name: str, arguments: list[Written], block: Block) -> str | None:
    second = arguments[1].type if len(arguments) > 1 else ""
    constant = bool(arguments) and arguments[0].source is None
    if name == "date_trunc" and constant:
        if len(arguments) == 2:
            return second if second in (known.TIMESTAMP, "interval") else None
        zoned = second == known.TIMESTAMPTZ and block.names.version >= known.DATE_TRUNC_IN_ZONE_SINCE
        return second if zoned and arguments[2].source is None else None
    if name == "date_part" and constant:
        return "double precision" if second in known.UNITS_OF_TIME else None
    if name == "date" and len(arguments) == 1:
        return "date" if arguments[0].type == known.TIMESTAMP else None
    if name == "timezone" and constant and len(arguments) == 2:
        turned = {known.TIMESTAMPTZ: known.TIMESTAMP, known.TIMESTAMP: known.TIMESTAMPTZ}
        return turned.get(second)
    if name == "to_tsvector" and constant and len(arguments) == 2:
        return "tsvector" if second in known.TEXTS | known.JSONS else None
    if name == "setweight" and len(arguments) == 2:
        return "tsvector" if arguments[0].type == "tsvector" else None
    return None


def _made(sql: str, kind: str, parts: Iterable[Written]) -> Written:
    """An expression of parts, which must all be about the same table."""
    parts = tuple(parts)
    sources = [each.source for each in parts if each.source is not None]
    if any(source is not sources[0] for source in sources):
        raise NotAKey
    columns = tuple(sorted({name for each in parts for name in each.columns}))
    return Written(sql, kind, columns, sources[0] if sources else None)


def _operand(part: Written) -> str:
    if part.sql.startswith("$") or _is_simple(part.sql):
        return part.sql
    return f"({part.sql})"


def _is_simple(sql: str) -> bool:
    """A name, a literal, or one call: what needs no parentheses beside an operator."""
    if not _SIMPLE.match(sql):
        return False
    depth = 0
    plain = _STRING.sub("''", sql)
    for number, character in enumerate(plain):
        depth += (character == "(") - (character == ")")
        if character == ")" and depth == 0 and number < len(plain) - 1:
            return False
    return True


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[..., Written]], ...] = (
    ((exp.Literal, exp.Parameter, exp.Boolean), _constant),
    (exp.Anonymous, _call),
    (exp.Cast, _cast),
    (tuple(_ARROWS), _arrow),
    (exp.AtTimeZone, _at_time_zone),
    (exp.Extract, _extract),
    (exp.DPipe, _joined),
    (tuple(_ARITHMETIC), _arithmetic),
    (exp.Substring, _substring),
    (exp.Trim, _trim),
    (exp.Neg, _negative),
    (exp.Dot, _qualified_call),
)
