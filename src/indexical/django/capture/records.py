"""Counted statements made into records of the capture file: normal form, text values, secrets left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from indexical.django.capture.placeholders import Numbered, number_placeholders
from indexical.django.capture.recorder import Entry
from indexical.django.capture.values import MAX_LENGTH, Unwritable, write
from indexical.model import Parameters
from indexical.workload.capture import Record
from indexical.workload.fingerprint import Normalised, normalise
from indexical.workload.gathering import widest
from indexical.workload.redaction import looks_personal, mentions_secret, secret_parameters

_PAGE = re.compile(r"\b(?:limit|offset)\s+\$([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shape:
    """A statement's text, worked out once and kept."""

    numbered: Numbered
    normalised: Normalised
    hidden: frozenset[int]
    """Numbers of the ``$n`` whose values are not written down."""


def shape_of(entry: Entry, *, values: bool) -> Shape | None:
    """The statement in its normal form; None when it is nothing to examine.

    Raises :class:`StatementRefused`.
    """
    numbered = number_placeholders(entry.sql) if entry.formatted else Numbered(entry.sql)
    hide_all = not values or not entry.samples_wanted
    normalised = normalise(numbered.sql, everywhere=hide_all or mentions_secret(numbered.sql))
    if normalised.kind == "other":
        return None
    everything = frozenset(range(1, len(normalised.values) + 1))
    if normalised.kind != "select":
        hidden = everything
    elif hide_all:
        # How long a page is says nothing about anybody, and a plan depends on it more than on any value.
        hidden = everything - {int(match) for match in _PAGE.findall(normalised.sql)}
    else:
        hidden = secret_parameters(normalised.sql)
    return Shape(numbered, normalised, hidden)


def record_of(entry: Entry, shape: Shape, start: float, end: float, pid: int) -> Record:
    samples, weights, types = _samples(entry, shape)
    changes = entry.changes
    return Record(
        sql=shape.normalised.sql,
        calls=entry.calls,
        types=types,
        total_ms=entry.seconds * 1000.0,
        rows=float(entry.rows) if entry.rows_known else -1.0,
        samples=samples,
        weights=weights,
        redacted=tuple(sorted(shape.hidden)) if samples else (),
        location=entry.location,
        view=entry.view,
        url=entry.url,
        probed=changes.probed if changes else 0,
        changed=dict(changes.columns) if changes else {},
        start=start,
        end=end,
        pid=pid,
    )


def _samples(entry: Entry, shape: Shape) -> tuple[tuple[Parameters, ...], tuple[float, ...], tuple[str, ...]]:
    types = shape.normalised.types
    counted: dict[Parameters, int] = {}
    for sample in entry.samples:
        values, own_types = _written(shape, shape.numbered.arrange(sample), server_side=entry.server_side)
        types = widest(types, own_types)
        if any(value is not None for value in values):
            counted[values] = counted.get(values, 0) + 1
    share = entry.calls / max(1, sum(counted.values()))
    return tuple(counted), tuple(count * share for count in counted.values()), types


def _written(
    shape: Shape, sample: Sequence[object], *, server_side: bool
) -> tuple[Parameters, tuple[str, ...]]:
    values: list[str | None] = []
    types: list[str] = []
    normal = shape.normalised
    for position, number in enumerate(normal.numbers):
        value, type_name = normal.values[position], normal.types[position]
        if number:
            value, type_name = _written_value(sample, number, server_side)
        hidden = position + 1 in shape.hidden
        if hidden or (value is not None and (len(value) > MAX_LENGTH or looks_personal(value))):
            value = None
        values.append(value)
        types.append(type_name)
    return tuple(values), tuple(types)


def _written_value(sample: Sequence[object], number: int, server_side: bool) -> tuple[str | None, str]:
    try:
        return write(sample[number - 1], server_side=server_side)
    except (Unwritable, IndexError):
        return None, ""
