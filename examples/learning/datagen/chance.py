"""Seeded chance: the only source of randomness of the data.

Every table draws from a stream of its own, so that a change in one table's rows leaves the rows of the others as they were.
Moments are whole microseconds since 1970 (UTC); they sort and fit into compact arrays.
"""

from __future__ import annotations

import datetime as dt
import random
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_BLOCK = 4096
_TRIES = 200


def stream(seed: int, name: str) -> random.Random:
    """The random numbers of one table under one seed."""
    return random.Random(f"{seed}/{name}")


def moment(value: dt.datetime) -> int:
    """A datetime with time zone as microseconds since 1970."""
    return (value - _EPOCH) // dt.timedelta(microseconds=1)


def stamp(microseconds: int) -> str:
    """A moment as PostgreSQL reads it."""
    return str(_EPOCH + dt.timedelta(microseconds=microseconds))


def day_text(microseconds: int) -> str:
    """The UTC day of a moment as PostgreSQL reads it."""
    return (_EPOCH + dt.timedelta(microseconds=microseconds)).strftime("%Y-%m-%d")


def uuid_text(rng: random.Random) -> str:
    """A version 4 UUID in its usual spelling."""
    digits = f"{rng.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def scattered(rng: random.Random, count: int, start: int, end: int) -> array[int]:
    """``count`` moments in rising order, even over ``start`` to ``end``."""
    span = end - start
    return array("q", sorted(start + int(rng.random() * span) for _ in range(count)))


def growing(rng: random.Random, count: int, start: int, end: int) -> array[int]:
    """As ``scattered``, but every day has a little more than the one before, as a platform that grows."""
    span = end - start
    return array("q", sorted(start + int(rng.random() ** 0.5 * span) for _ in range(count)))


def stocked(rng: random.Random, count: int, share: float, start: int, end: int) -> array[int]:
    """As ``scattered``, with a ``share`` of the moments on the first day: what was there when the doors opened."""
    stock = int(count * share)
    moments = scattered(rng, stock, start, start + DAY)
    moments.extend(scattered(rng, count - stock, start + DAY, end))
    return moments


def draws(rng: random.Random, weighted: Sequence[tuple[T, float]]) -> Iterator[T]:
    """An endless draw of values by weight, made in blocks because one call per value costs six times as much."""
    values = [value for value, _ in weighted]
    limits = list(accumulate(weight for _, weight in weighted))
    while True:
        yield from rng.choices(values, cum_weights=limits, k=_BLOCK)


def zipf_weights(rng: random.Random, count: int, exponent: float) -> array[float]:
    """Weights ``rank ** -exponent`` in random order: few things get much, most get little."""
    weights = [rank**-exponent for rank in range(1, count + 1)]
    rng.shuffle(weights)
    return array("d", weights)


class Popularity:
    """Picks things by weight among those that exist at a moment; the things are numbered in order of creation."""

    def __init__(self, created: array[int], weights: Sequence[float]) -> None:
        self._created = created
        self._upto = array("d", accumulate(weights, initial=0.0))

    def pick(self, rng: random.Random, now: int, window: int | None = None) -> int | None:
        """The number of one thing created at or before ``now`` (and within ``window`` microseconds); None if there is none."""
        last = bisect_right(self._created, now)
        first = 0 if window is None else bisect_left(self._created, now - window, 0, last)
        low, high = self._upto[first], self._upto[last]
        if high <= low:
            return None
        found = bisect_right(self._upto, low + rng.random() * (high - low), first + 1, last + 1)
        # Rounding may put the draw on the upper end itself, one past the last thing.
        return min(found, last) - 1


def dealt(rng: random.Random, total: int, weights: Sequence[float]) -> array[int]:
    """``total`` cards dealt to as many hands as there are weights; returns how many each hand got."""
    hands = array("q", bytes(8 * len(weights)))
    limits = list(accumulate(weights))
    numbers = range(len(weights))
    left = total
    while left:
        block = min(left, _BLOCK)
        for number in rng.choices(numbers, cum_weights=limits, k=block):
            hands[number] += 1
        left -= block
    return hands


def starts(counts: Sequence[int]) -> array[int]:
    """Where each group begins when groups of these sizes lie one behind the other; one entry more than groups."""
    return array("q", accumulate(counts, initial=0))


def fresh_pair(
    seen: set[tuple[int, int]], draw: Callable[[], tuple[int, int]], anything: Callable[[], tuple[int, int]]
) -> tuple[int, int]:
    """A pair that is not in ``seen`` yet, and now is.

    When the likely pairs are all taken, as may be on the first days of a small platform, ``anything`` draws from all there are.
    """
    for _ in range(_TRIES):
        pair = draw()
        if pair not in seen:
            break
    else:
        while pair in seen:
            pair = anything()
    seen.add(pair)
    return pair
