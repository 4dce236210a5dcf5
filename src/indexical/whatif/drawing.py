"""Values drawn from a column's statistics, so that the planner sees common and rare ones in their true proportion.

The distribution is the planner's own: the most common values with their frequencies, the others spread evenly over the histogram
(https://www.postgresql.org/docs/18/row-estimation-examples.html). A statement is taken to ask for a value as often as rows hold
it. Several missing values of one statement are drawn at the same point, so that common ones meet common ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from indexical.model import Column, ColumnStatistics
from indexical.whatif.arrays import elements

_LEADING = 2
"""Common values that get a stratum of their own; the other common ones share one."""
_ONE_SPELLING = (
    "character varying", "character", "text", "uuid", "integer", "bigint", "smallint", "boolean",
)  # fmt: skip
"""Types whose values have one text form, so that a common value is found by its text."""
_RARE = "\0rare"
_SELECTIVE = 0.95
"""How far towards the selective end a narrow range begins, as a share of the rows."""


@dataclass(frozen=True, slots=True)
class Draw:
    """The values that one comparison may meet: at 0 the commonest one, at 1 a rare one."""

    common: tuple[str, ...]
    upto: tuple[float, ...]
    """For each common value the share of rows that have it or a commoner one."""
    spread: tuple[str, ...]
    """The histogram's bounds."""
    sense: str = "equal"

    @property
    def breaks(self) -> tuple[float, ...]:
        """Where one stratum of values ends and the next begins."""
        if self.sense != "equal":
            return (0.5,) if len(self.spread) > 2 else ()
        points = (*self.upto[:_LEADING], *self.upto[-1:])
        return tuple(sorted({point for point in points if 0.0 < point < 1.0 - 1e-9}))

    def at(self, point: float, rank: int = 0) -> str:
        """The value at a point from 0 to 1; a higher rank gives a neighbour."""
        if self.sense != "equal" and self.spread:
            return self._bound(point, rank)
        position = next((n for n, upto in enumerate(self.upto) if point < upto), None)
        if position is None and not self.spread:
            position = len(self.common) - 1
        if position is not None:
            return self.common[(position + rank) % len(self.common)]
        start = self.upto[-1] if self.upto else 0.0
        place = round((point - start) / (1.0 - start) * (len(self.spread) - 1)) if start < 1.0 else 0
        return self.spread[(place + rank) % len(self.spread)]

    def _bound(self, point: float, rank: int) -> str:
        """A wide range at first, which begins in the middle, then a narrow one."""
        share = 0.5 if point < 0.5 or len(self.spread) <= 2 else _SELECTIVE
        share = 1.0 - share if self.sense == "below" else share
        last = len(self.spread) - 1
        return self.spread[min(int(share * last) + rank, last)]


def draw_of(column: Column, sense: str) -> Draw | None:
    """None for a column whose statistics hold no value."""
    return _draw(column.statistics, sense) if column.statistics is not None else None


def value_class(column: Column, value: str) -> str:
    """The value itself where it is a common one, or may be; one word for all that are not.

    PostgreSQL's ``var_eq_const`` gives every value outside the list of common ones the same share of the rows.
    """
    common = _common(column.statistics) if column.statistics is not None else frozenset()
    if not common or (value not in common and column.type.startswith(_ONE_SPELLING)):
        return _RARE
    return value


@lru_cache(maxsize=4096)
def _common(statistics: ColumnStatistics) -> frozenset[str]:
    return frozenset(value for value in elements(statistics.common_values) if value is not None)


@lru_cache(maxsize=4096)
def _draw(statistics: ColumnStatistics, sense: str) -> Draw | None:
    common = [value for value in elements(statistics.common_values) if value is not None]
    spread = tuple(value for value in elements(statistics.histogram) if value is not None)
    if sense != "equal" and not spread:
        # Of few values every one is common; between them a range begins as well as between bounds.
        return Draw((), (), tuple(common), "equal") if common else None
    if not common and not spread:
        return None
    frequencies = statistics.common_frequencies
    if len(frequencies) != len(common):
        frequencies = (1.0 / (len(common) + bool(spread)),) * len(common)
    rows = 1.0 - statistics.null_fraction if spread else sum(frequencies)
    upto: list[float] = []
    for frequency in frequencies:
        upto.append(min(1.0, (upto[-1] if upto else 0.0) + frequency / max(rows, 1e-9)))
    return Draw(tuple(common), tuple(upto), spread, sense)


def strata(draws: Sequence[Draw | None], limit: int) -> list[tuple[float, float]]:
    """Points at which to draw, at most ``limit``, each with the share of the calls that it stands for."""
    ends = sorted({point for draw in draws if draw is not None for point in draw.breaks} | {1.0})
    parts = [(start, end) for start, end in zip([0.0, *ends], ends, strict=False)]
    while len(parts) > limit:
        narrow = min(range(len(parts)), key=lambda n: (parts[n][1] - parts[n][0], n))
        beside = narrow - 1 if narrow else 1
        first, second = sorted((narrow, beside))
        parts[first : second + 1] = [(parts[first][0], parts[second][1])]
    return [((start + end) / 2, end - start) for start, end in parts]
