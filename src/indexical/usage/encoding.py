"""A sample as JSON texts and back; what comes back is believed only when every field is of its own type."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from indexical.model.usage import IndexUse, NodeState, Sample, StatementUse, TableUse

Kind = TypeVar("Kind", IndexUse, TableUse, StatementUse)
PARTS = ("state", "indexes", "tables", "statements")
"""Names of the texts."""


def encoded(sample: Sample) -> dict[str, str]:
    """The texts by their names."""
    about = {"since": sample.statements_since, "missing": sample.statements_missing}
    rows = [_row(each) for each in sample.statements]
    return {
        "state": json.dumps(asdict(sample.state)),
        "indexes": json.dumps([_row(each) for each in sample.indexes]),
        "tables": json.dumps([_row(each) for each in sample.tables]),
        "statements": json.dumps({**about, "rows": rows}),
    }


def decoded(node: str, taken_at: str, texts: Mapping[str, str]) -> Sample:
    """The sample. Raises :class:`ValueError` when the texts are not those of one."""
    try:
        state = json.loads(texts["state"])
        state["resets"] = tuple((str(what), str(when)) for what, when in state["resets"])
        statements = json.loads(texts["statements"])
        return Sample(
            node,
            taken_at,
            _state(state),
            _rows(IndexUse, json.loads(texts["indexes"])),
            _rows(TableUse, json.loads(texts["tables"])),
            _rows(StatementUse, statements["rows"]),
            str(statements["since"]),
            str(statements["missing"]),
        )
    except (TypeError, KeyError, RecursionError):
        raise ValueError("not a sample") from None


def _rows(kind: type[Kind], rows: list[list[Any]]) -> tuple[Kind, ...]:
    types = tuple(_TYPES[str(field.type)] for field in fields(kind))
    found = []
    for row in rows:
        if tuple(map(type, row)) != types:
            raise TypeError("row")
        for value in row:
            _check(value)
        found.append(kind(*row))
    return tuple(found)


_TYPES: dict[str, type] = {"int": int, "str": str, "float": float}


def _row(value: IndexUse | TableUse | StatementUse) -> list[object]:
    return [getattr(value, field.name) for field in fields(type(value))]


def _state(values: dict[str, Any]) -> NodeState:
    """The value, every field of it of its own type. Raises :class:`TypeError` or :class:`ValueError`."""
    known = {field.name: field.type for field in fields(NodeState)}
    if set(values) != set(known):
        raise ValueError("fields")
    for name, value in values.items():
        if type(value).__name__ != str(known[name]).partition("[")[0]:
            raise TypeError(name)
        _check(value)
    return NodeState(**values)


def _check(value: object) -> None:
    if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value < 2**63:
        raise ValueError("out of range")
    if isinstance(value, float) and not (math.isfinite(value) and value >= 0):
        raise ValueError("out of range")
