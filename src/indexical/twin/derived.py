"""Statistics of an expression, from what it gives for the values that its columns' statistics hold.

What ANALYZE would find once the index exists (``analyze.c``, ``compute_scalar_stats``): common values, a histogram of the others,
how many different ones there are, NULLs, width, and how far their order is that of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from indexical.model import ColumnStatistics
from indexical.twin.arrays import array
from indexical.twin.points import Points

_LIST = 100
"""Common values that a list holds, and steps of a histogram: PostgreSQL's default statistics target."""
_OFTEN = 5
"""From so many sightings on a value is taken for a common one."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the expression gives for a point."""

    value: str | None
    """In text form; None is NULL."""
    width: float
    """Bytes of the value in memory, as ANALYZE counts them."""
    rank: int
    """Its place in the order of the values; equal ones have the same. 0 where the type has no order."""
    came_from: int = 0
    """The place of what went in, in the order of the column; 0 for several columns."""


@dataclass(slots=True)
class _Group:
    """Points with one and the same value."""

    value: str
    rank: int
    counted: float = 0.0
    """Share of the rows, from common values."""
    guessed: float = 0.0
    """Share of the rows, from points that stand for others."""
    points: int = 0

    @property
    def share(self) -> float:
        return self.counted + self.guessed


@dataclass(slots=True)
class _Findings:
    groups: list[_Group] = field(default_factory=list)
    inputs: int = 0
    """Different values that went in."""
    steady: bool = True
    """The values' order is that of what went in, or its reverse."""


def statistics_of(points: Points, results: Sequence[Result], rows: float) -> ColumnStatistics:
    """Statistics of the expression whose results these are, one for each point."""
    present = [
        (point, result)
        for point, result in zip(points.points, results, strict=True)
        if result.value is not None
    ]
    share = sum(point.weight for point, _ in present)
    if not present or share <= 0:
        return ColumnStatistics(null_fraction=1.0, average_width=4, distinct=1.0)
    width = sum(point.weight * result.width for point, result in present) / share
    found = _findings(points, results)
    single = len(found.groups) == found.inputs
    distinct = points.distinct if single else _distinct(found, points)
    if len(found.groups) >= distinct - 0.5 and not single:
        _smooth(found, points.spacing)
    common = _common(found, distinct)
    rest = [group for group in found.groups if group not in common]
    ordered = all(group.rank for group in found.groups)
    return ColumnStatistics(
        null_fraction=max(0.0, 1.0 - share),
        average_width=max(1, round(width)),
        distinct=_told(distinct, rows),
        common_values=array([group.value for group in common]) if common else "",
        common_frequencies=tuple(group.share for group in common),
        histogram=_histogram(rest) if ordered else "",
        correlation=_correlation(points, results, found) if ordered else None,
    )


def _told(distinct: float, rows: float) -> float:
    """As ANALYZE keeps it: a share of the rows where it is likely to grow with them."""
    return -min(1.0, distinct / rows) if rows > 0 and distinct > 0.1 * rows else float(round(distinct))


def _findings(points: Points, results: Sequence[Result]) -> _Findings:
    found = _Findings()
    by_value: dict[object, _Group] = {}
    inputs = set()
    ranks = []
    for point, result in zip(points.points, results, strict=True):
        if result.value is None:
            continue
        inputs.add(point.values)
        group = by_value.setdefault(result.rank or result.value, _Group(result.value, result.rank))
        if point.common:
            group.counted += point.weight
        else:
            group.guessed += point.weight
            group.points += 1
            ranks.append(result.rank)
    found.groups = sorted(by_value.values(), key=lambda group: (group.rank, group.value))
    found.inputs = len(inputs)
    found.steady = ranks in (sorted(ranks), sorted(ranks, reverse=True))
    return found


def _distinct(found: _Findings, points: Points) -> float:
    """How many different values: Haas and Stokes' "Duj1" over the different values that go in."""
    known = [group for group in found.groups if group.counted]
    sampled = [group for group in found.groups if not group.counted]
    number = sum(group.points for group in sampled)
    once = sum(1 for group in sampled if group.points == 1)
    if not number or not once:
        return float(len(found.groups))
    if found.steady and points.spacing:
        # Bounds stand one step apart: what lies between two was not passed over by chance.
        once = once // 2
    total = max(points.distinct - len(known), float(number))
    estimate = number * len(sampled) / (number - once + once * number / total)
    return min(max(estimate + len(known), float(len(found.groups))), max(points.distinct, 1.0))


def _smooth(found: _Findings, spacing: float) -> None:
    """Draws shares that were told from a few bounds towards each other, as far as they differ by chance.

    James and Stein's estimate: what the shares spread beyond what chance alone would make them spread is believed.
    """
    groups = [group for group in found.groups if group.guessed > 0]
    if spacing <= 0 or len(groups) < 3:
        return
    mean = sum(group.guessed for group in groups) / len(groups)
    spread = sum((group.guessed - mean) ** 2 for group in groups)
    whole = mean * len(groups)
    # A value that fills its steps is off by where its first and its last one are cut.
    chance = spacing**2 / 6 if found.steady else spacing * mean * max(0.0, 1 - mean / whole)
    believed = max(0.0, 1.0 - chance * len(groups) / spread) if spread > 0 else 0.0
    for group in groups:
        group.guessed = mean + believed * (group.guessed - mean)


def _common(found: _Findings, distinct: float) -> list[_Group]:
    """Values for the list of common ones: all where there are few, else those that stand out."""
    everything = len(found.groups) <= _LIST and len(found.groups) >= distinct - 0.5
    average = sum(group.share for group in found.groups) / max(distinct, 1.0)
    chosen = [
        group
        for group in found.groups
        if everything or ((group.counted or group.points > _OFTEN) and group.share > 1.25 * average)
    ]
    return sorted(chosen, key=lambda group: (-group.share, group.rank, group.value))[:_LIST]


def _histogram(groups: Sequence[_Group]) -> str:
    """Bounds that as many rows lie between, with the least and the greatest value."""
    if len(groups) < 2:
        return ""
    total = sum(group.share for group in groups)
    steps = min(_LIST, len(groups) - 1)
    bounds, upto, place = [groups[0].value], 0.0, 1
    for group in groups[:-1]:
        upto += group.share
        while place < steps and upto >= total * place / steps - 1e-12:
            bounds.append(group.value)
            place += 1
    return array([*bounds, groups[-1].value])


def _correlation(points: Points, results: Sequence[Result], found: _Findings) -> float:
    """Of the values' order with that of the rows. Equal values are in the rows' order among themselves.

    Where n values come in no order, each holds the n-th part of the order within itself: so much is taken off what is known of
    the column, and put on for the expression.
    """
    placed = [
        (result.came_from, result.rank, point.weight)
        for point, result in zip(points.points, results, strict=True)
        if result.rank and point.values != (None,)
    ]
    if all(place for place, _, _ in placed):
        inputs: dict[int, float] = {}
        for place, _, weight in placed:
            inputs[place] = inputs.get(place, 0.0) + weight
        own = _even(list(inputs.values()), points.distinct)
        between: float = (points.correlation - sum(share**2 for share in own)) / max(
            1e-9, 1 - sum(share**3 for share in own)
        )
        strength = max(-1.0, min(1.0, between)) * _agreement(placed)
    else:
        strength = 0.0
    shares = _even([group.share for group in found.groups], _distinct(found, points))
    within = sum(math.pow(share, 2 + abs(strength)) for share in shares)
    return max(-1.0, min(1.0, within + strength * (1 - sum(share**3 for share in shares))))


def _even(shares: Sequence[float], distinct: float) -> list[float]:
    """Shares that add up to one; where many values were not seen, those that were stand for them too."""
    total = sum(shares) or 1.0
    scale = min(1.0, 2 * len(shares) / max(distinct, 1.0))
    return [share / total * scale for share in shares]


def _agreement(placed: Sequence[tuple[int, int, float]]) -> float:
    """Rank correlation of two orders, each point with its weight; points of equal rank share their mean place."""
    total = sum(weight for _, _, weight in placed)
    first = _places([(a, weight) for a, _, weight in placed])
    second = _places([(b, weight) for _, b, weight in placed])
    middle = total / 2
    covariance = sum(w * (first[a] - middle) * (second[b] - middle) for a, b, w in placed)
    spreads = [
        sum(w * (first[a] - middle) ** 2 for a, _, w in placed),
        sum(w * (second[b] - middle) ** 2 for _, b, w in placed),
    ]
    product: float = spreads[0] * spreads[1]
    return float(covariance / math.sqrt(product)) if product > 0 else 1.0


def _places(ranked: Sequence[tuple[int, float]]) -> dict[int, float]:
    """Of each rank, the middle of the share of the rows that it takes."""
    shares: dict[int, float] = {}
    for rank, weight in ranked:
        shares[rank] = shares.get(rank, 0.0) + weight
    places, before = {}, 0.0
    for rank in sorted(shares):
        places[rank] = before + shares[rank] / 2
        before += shares[rank]
    return places
