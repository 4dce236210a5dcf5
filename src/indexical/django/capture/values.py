"""Python values that Django hands to the driver, as PostgreSQL's text form and the type it reads them as.

The types are those of the literals that Django's default, client-side binding writes: a float becomes a ``numeric`` literal
there, and text an untyped one, which decides whether an index can serve the comparison.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import ipaddress
import json
import math
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.functional import Promise

MAX_LENGTH = 200
"""Characters; longer values are not written down."""

Written = tuple[str | None, str]
"""Text form and type name; an empty type is left to the server."""


class Unwritable(ValueError):
    """A value that is not written down: of an unknown type, or too long."""


def write(value: object, *, server_side: bool = False) -> Written:
    """The value as text and type. ``server_side`` is Django's option ``server_side_binding``.

    Raises :class:`Unwritable`.
    """
    text, type_name = _write(value, server_side)
    if text is not None and (len(text) > MAX_LENGTH or "\x00" in text):
        raise Unwritable
    return text, type_name


def _write(value: object, server_side: bool) -> Written:
    if value is None:
        return None, ""
    if isinstance(value, enum.Enum):
        return _write(value.value, server_side)
    if isinstance(value, str | Promise):
        return str(value), ""
    if isinstance(value, float):
        finite = math.isfinite(value)
        return repr(float(value)), "numeric" if finite and not server_side else "float8"
    for kind, writer in _WRITERS:
        if isinstance(value, kind):
            return writer(value)
    if isinstance(value, list | tuple):
        return _array(value, server_side)
    return _wrapped(value)


def _integer(value: int) -> Written:
    size = abs(value)
    return str(int(value)), "int4" if size < 1 << 31 else "int8" if size < 1 << 63 else "numeric"


def _datetime(value: dt.datetime) -> Written:
    return value.isoformat(sep=" "), "timestamptz" if value.tzinfo else "timestamp"


def _time(value: dt.time) -> Written:
    return value.isoformat(), "timetz" if value.tzinfo else "time"


def _interval(value: dt.timedelta) -> Written:
    return f"{value.days} days {value.seconds}.{value.microseconds:06d} seconds", "interval"


_WRITERS: tuple[tuple[Any, Callable[[Any], Written]], ...] = (
    (bool, lambda value: ("true" if value else "false", "bool")),
    (int, _integer),
    (decimal.Decimal, lambda value: (str(value), "numeric")),
    (uuid.UUID, lambda value: (str(value), "uuid")),
    (dt.datetime, _datetime),
    (dt.date, lambda value: (value.isoformat(), "date")),
    (dt.time, _time),
    (dt.timedelta, _interval),
    (bytes | bytearray | memoryview, lambda value: ("\\x" + bytes(value).hex(), "bytea")),
    (ipaddress.IPv4Address | ipaddress.IPv6Address, lambda value: (str(value), "inet")),
    (ipaddress.IPv4Network | ipaddress.IPv6Network, lambda value: (str(value), "cidr")),
)


def _array(values: Sequence[object], server_side: bool) -> Written:
    written = [_write(value, server_side) for value in values]
    types = sorted({type_name for (text, type_name) in written if text is not None})
    if types and set(types) <= {"int4", "int8", "numeric"}:
        types = [max(types, key=("int4", "int8", "numeric").index)]
    if len(types) > 1:
        raise Unwritable
    element = types[0] if types else ""
    nested = element.endswith("[]")
    inside = ",".join(_element(text, nested) for text, _ in written)
    return "{" + inside + "}", element if nested or not element else f"{element}[]"


def _element(text: str | None, nested: bool) -> str:
    if text is None:
        return "NULL"
    if nested:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _wrapped(value: object) -> Written:
    """The wrappers of psycopg 3 (``Jsonb``) and psycopg2 (``Json``), known by their names: no driver is imported here."""
    name = type(value).__name__
    module = type(value).__module__.partition(".")[0]
    if name in ("Json", "Jsonb", "JsonAdapter") and module in ("psycopg", "psycopg2", "django"):
        content = getattr(value, "obj", getattr(value, "adapted", None))
        dumps = getattr(value, "dumps", None) or json.dumps
        try:
            return str(dumps(content)), "json" if name == "Json" and module == "psycopg" else "jsonb"
        except (TypeError, ValueError) as error:
            raise Unwritable from error
    if name == "Inet":
        return str(getattr(value, "addr", value)), "inet"
    raise Unwritable
