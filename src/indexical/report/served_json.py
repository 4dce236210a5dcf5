"""A served run as part of a measured run's JSON, and back.

Two optional keys: ``endpoints`` with what was asked over HTTP, ``load`` with what was played under load. Times are
milliseconds unless a name ends with ``_s``, sizes are bytes. What is read is checked field by field against the values'
own types, since the file may come from anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from indexical.model import NotMeasured
from indexical.model.served import EndpointLatency, LoadRun, ServedRun

_DEEPEST = 12


def to_json(run: ServedRun) -> dict[str, Any]:
    """The keys to add to a measured run's document; no path, header or body is among them."""
    document: dict[str, Any] = {
        "endpoints": {
            "title": run.title,
            "mix": run.mix,
            "measured": [asdict(item) for item in run.endpoints],
            "not_measured": [asdict(item) for item in run.not_measured],
            "notes": list(run.notes),
        }
    }
    if run.load is not None:
        document["load"] = asdict(run.load)
    return document


def from_json(document: Mapping[str, Any]) -> ServedRun | None:
    """The served run in a measured run's document; None when it has none.

    Raises:
        ValueError: the document is damaged there.
    """
    endpoints, load = document.get("endpoints"), document.get("load")
    if endpoints is None and load is None:
        return None
    raw = endpoints if endpoints is not None else {}
    if not isinstance(raw, Mapping):
        raise ValueError("endpoints is no object")
    return ServedRun(
        title=_value(str, raw.get("title", ""), 0),
        mix=_value(str, raw.get("mix", ""), 0),
        endpoints=_value(tuple[EndpointLatency, ...], raw.get("measured", []), 0),
        not_measured=_value(tuple[NotMeasured, ...], raw.get("not_measured", []), 0),
        load=_value(LoadRun, load, 0) if load is not None else None,
        notes=_value(tuple[str, ...], raw.get("notes", []), 0),
    )


def _value(kind: Any, raw: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if get_origin(kind) is UnionType or NoneType in get_args(kind):
        chosen = next(each for each in get_args(kind) if each is not NoneType)
        return None if raw is None else _value(chosen, raw, depth + 1)
    if get_origin(kind) is tuple:
        return _row(get_args(kind), raw, depth)
    if is_dataclass(kind):
        return _object(kind, raw, depth)
    if kind is float and isinstance(raw, int | float) and not isinstance(raw, bool):
        value = float(raw)
        if math.isfinite(value):
            return value
    elif kind is not float and isinstance(raw, kind) and (kind is bool or not isinstance(raw, bool)):
        return raw
    raise ValueError(f"{kind.__name__} expected")


def _row(kinds: tuple[Any, ...], raw: Any, depth: int) -> tuple[Any, ...]:
    if not isinstance(raw, list | tuple):
        raise ValueError("a list expected")
    if kinds[-1] is Ellipsis:
        return tuple(_value(kinds[0], item, depth + 1) for item in raw)
    if len(raw) != len(kinds):
        raise ValueError(f"a list of {len(kinds)} expected")
    return tuple(_value(kind, item, depth + 1) for kind, item in zip(kinds, raw, strict=True))


def _object(kind: Any, raw: Any, depth: int) -> Any:
    if not isinstance(raw, Mapping):
        raise ValueError("an object expected")
    hints = get_type_hints(kind)
    found = {
        field.name: _value(hints[field.name], raw[field.name], depth + 1)
        for field in fields(kind)
        if field.name in raw or _required(field)
    }
    return kind(**found)


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
