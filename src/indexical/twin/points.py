"""Values that stand for a column: what its statistics hold, each with the share of the rows it speaks for.

Between two bounds of a histogram PostgreSQL takes numbers and times as evenly spread
(https://www.postgresql.org/docs/18/row-estimation-examples.html), so there may be points between them, too. Several columns are
taken as independent of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from indexical.model import Column
from indexical.twin.arrays import elements, with_ends

_DENSE = 2000
"""Points that a histogram of numbers or times is made into."""
_JOINT = 1500
"""Combinations of values of several columns."""
_STEPS = (0.6180339887498949, 0.7548776662466927, 0.8191725133961645, 0.8566748838545029)
"""Of evenly spread sequences in as many dimensions: the golden ratio and its like."""


@dataclass(frozen=True, slots=True)
class Point:
    values: tuple[str | None, ...]
    """One for each column; None is NULL."""
    weight: float
    """Share of the rows."""
    common: bool = False
    """It is one of the common values, whose share was counted."""


@dataclass(frozen=True, slots=True)
class Points:
    points: tuple[Point, ...]
    distinct: float
    """Different values in all rows, at most."""
    spacing: float = 0.0
    """Share of the rows between two bounds of the histogram, when points stand for its bounds; 0 when they are dense."""
    correlation: float = 0.0
    """Of the values' order with that of the rows."""


def of_column(column: Column, rows: float) -> Points | None:
    """Points for one column; None where its statistics hold no values."""
    known = column.statistics
    if known is None:
        return None
    common = elements(known.common_values) if known.common_values else []
    histogram = with_ends(known.histogram, column.low, column.high)
    bounds = elements(histogram) if histogram else []
    points = [
        Point((value,), share, common=True)
        for value, share in zip(common, known.common_frequencies, strict=False)
    ]
    rest = max(0.0, 1.0 - known.null_fraction - sum(point.weight for point in points))
    distinct = known.distinct if known.distinct > 0 else -known.distinct * max(rows, 1.0)
    spacing = 0.0
    if len(bounds) > 1:
        between = _between(column.type, bounds, distinct - len(points))
        if between:
            points += [Point((value,), rest / len(between)) for value in between]
        else:
            spacing = rest / (len(bounds) - 1)
            ends = (0, len(bounds) - 1)
            points += [
                Point((value,), spacing / 2 if place in ends else spacing)
                for place, value in enumerate(bounds)
            ]
    if not points:
        return None
    if known.null_fraction > 0:
        points.append(Point((None,), known.null_fraction, common=True))
    return Points(tuple(points), max(distinct, 1.0), spacing, known.correlation or 0.0)


def joint(parts: Sequence[Points], rows: float) -> Points:
    """Combinations of several columns' values, as if they had nothing to do with each other."""
    ladders = [_ladder(part) for part in parts]
    found = []
    for number in range(_JOINT):
        values: list[str | None] = []
        for place, ladder in enumerate(ladders):
            step = _STEPS[place % len(_STEPS)] * (1 + place // len(_STEPS))
            values.append(_at(ladder, (0.5 + number * step) % 1.0))
        found.append(Point(tuple(values), 1 / _JOINT))
    distinct = 1.0
    for part in parts:
        distinct = min(distinct * part.distinct, max(rows, 1.0))
    return Points(tuple(found), distinct, 1 / _JOINT)


def weighed(points: Points, keep: Sequence[bool]) -> Points:
    """Without the points that are not kept; their share goes to the others."""
    left = [point for point, kept in zip(points.points, keep, strict=True) if kept]
    total = sum(point.weight for point in left)
    scale = 1 / total if total > 0 else 0.0
    return replace(points, points=tuple(replace(point, weight=point.weight * scale) for point in left))


def _ladder(points: Points) -> list[tuple[float, str | None]]:
    """Values with the shares of the rows up to and with them."""
    total = sum(point.weight for point in points.points) or 1.0
    upto, found = 0.0, []
    for point in points.points:
        upto += point.weight / total
        found.append((upto, point.values[0]))
    return found


def _at(ladder: Sequence[tuple[float, str | None]], share: float) -> str | None:
    low, high = 0, len(ladder) - 1
    while low < high:
        middle = (low + high) // 2
        if ladder[middle][0] > share:
            high = middle
        else:
            low = middle + 1
    return ladder[low][1]


def _between(type: str, bounds: Sequence[str], distinct: float) -> list[str]:
    """Values spread evenly between the bounds; none for types without distances, or where the bounds are all there is."""
    steps = len(bounds) - 1
    each = int(min(_DENSE, distinct) / steps)
    maker = _MAKERS.get(type.partition("(")[0])
    if maker is None or each < 2:
        return []
    parse, write = maker
    try:
        places = [parse(bound) for bound in bounds]
        return [
            write(low + (high - low) * (2 * number + 1) / (2 * each), type)
            for low, high in pairwise(places)
            for number in range(each)
        ]
    except (ValueError, InvalidOperation, OverflowError):
        # Infinities, years before Christ: whatever only PostgreSQL can read.
        return []


def _day(text: str) -> Decimal:
    return Decimal(date.fromisoformat(text).toordinal())


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001


def _moment(text: str) -> Decimal:
    """Microseconds; a zone is left out: all bounds of a column have the server's, UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None and moment.utcoffset():
        raise ValueError("another zone than UTC")
    passed = moment.replace(tzinfo=None) - _EPOCH
    return Decimal((passed.days * 86400 + passed.seconds) * 1_000_000 + passed.microseconds)


def _write_moment(place: Decimal, type: str) -> str:
    seconds, micro = divmod(int(place), 1_000_000)
    days, seconds = divmod(seconds, 86400)
    day = date.fromordinal(_EPOCH.toordinal() + days)
    zone = "+00" if type.endswith("with time zone") else ""
    return (
        f"{day.isoformat()} {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micro:06}{zone}"
    )


def _write_number(place: Decimal, type: str) -> str:
    _, _, scale = type.rstrip(")").partition(",")
    return f"{place:.{int(scale or 0)}f}" if "(" in type else format(place, "f")


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError("not a number")
    return number


_Maker = tuple[Callable[[str], Decimal], Callable[[Decimal, str], str]]
_WHOLE: _Maker = (_finite, lambda place, _: str(int(place.to_integral_value())))
_MOMENTS: _Maker = (_moment, _write_moment)
_MAKERS: dict[str, _Maker] = {
    "smallint": _WHOLE,
    "integer": _WHOLE,
    "bigint": _WHOLE,
    "numeric": (_finite, _write_number),
    "real": (_finite, lambda place, _: repr(float(place))),
    "double precision": (_finite, lambda place, _: repr(float(place))),
    "date": (_day, lambda place, _: date.fromordinal(int(place)).isoformat()),
    "timestamp without time zone": _MOMENTS,
    "timestamp with time zone": _MOMENTS,
}
