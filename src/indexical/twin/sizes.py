"""How large a B-tree will be, before it exists.

The arithmetic of ``CREATE INDEX``: tuples are packed into leaf pages until a tenth of the page is left, equal keys are
merged into posting lists (PostgreSQL's ``nbtree/README``, "Notes about deduplication", and ``nbtsort.c``), and pages above
the leaves are filled to 70 %. Widths, NULLs and frequencies come from the column statistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from indexical.model import ColumnStatistics
from indexical.twin.arrays import elements

_PAGE = 8192
_USABLE = _PAGE - 24 - 16 - 4 - 4
"""Bytes of a page without its header, special space, the high key's line pointer and the next tuple's."""
_LEAF_RESERVE = _PAGE * 10 // 100
_INTERNAL_RESERVE = _PAGE * 30 // 100
_LINE_POINTER = 4
_TUPLE_HEADER = 8
_NULL_HEADER = 16
_TID = 6
_MAX_POSTING = (_PAGE * 10 // 100 // 8 * 8 - _LINE_POINTER) // 8 * 8
"""Bytes of the largest posting list tuple that CREATE INDEX makes, aligned."""
_NEARLY_UNIQUE = 0.9
"""Share of distinct rows from which on a key is taken to repeat in no combination."""
_CLASSES = 10
"""Into how many sorts a column's values are gathered by their frequency."""
_ALIGNMENTS = {"c": 1, "s": 2, "i": 4, "d": 8}
_DEFAULT_WIDTH = 32
_TEXT_TYPES = ("text", "character varying", "character", "citext", "varchar", "bpchar")


@dataclass(frozen=True, slots=True)
class Extent:
    """How large an index is, as far as the planner looks."""

    pages: int
    tuples: float
    height: int
    entry_pages: int = 0
    """Of a GIN index: pages of its keys; 0 when unknown."""
    data_pages: int = 0
    """Of a GIN index: pages of the row lists that do not fit beside their key."""
    entries: float = 0.0
    """Of a GIN index: its keys."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One column of an index, key or included."""

    length: int
    """``attlen``: bytes, or -1 for a varying length."""
    alignment: str
    """``attalign``: c, s, i or d."""
    statistics: ColumnStatistics | None = None
    type: str = ""
    never_null: bool = False
    least: float = 0.0
    """Distinct values that constraints promise at least, whatever the statistics guess."""

    @property
    def null_fraction(self) -> float:
        if self.never_null or self.statistics is None:
            return 0.0
        return min(max(self.statistics.null_fraction, 0.0), 1.0)

    def widths(self) -> list[tuple[float, float]]:
        """Widths of values that are not NULL, with their shares; a single average where no values are known."""
        if self.length > 0:
            return [(float(self.length), 1.0)]
        statistics = self.statistics
        average = float(
            statistics.average_width if statistics and statistics.average_width else _DEFAULT_WIDTH
        )
        name = self.type.split(".")[-1]
        if statistics is None or not name.startswith((*_TEXT_TYPES, "numeric")):
            return [(average, 1.0)]
        sampled = _sampled_widths(statistics, _numeric_width if name.startswith("numeric") else _stored_width)
        mean = sum(width * share for width, share in sampled)
        # Long values are left out of the statistics; then the samples do not speak for the column.
        return sampled if sampled and abs(mean - average) <= 0.25 * average + 1 else [(average, 1.0)]


@lru_cache(maxsize=4096)
def _sampled_widths(
    statistics: ColumnStatistics, stored: Callable[[str], float]
) -> list[tuple[float, float]]:
    shares: dict[float, float] = {}
    common = elements(statistics.common_values) if statistics.common_values else []
    for value, frequency in zip(common, statistics.common_frequencies, strict=False):
        width = stored(value)
        shares[width] = shares.get(width, 0.0) + frequency
    rest = max(0.0, 1.0 - statistics.null_fraction - sum(statistics.common_frequencies))
    bounds = elements(statistics.histogram) if statistics.histogram else []
    for value in bounds:
        width = stored(value)
        shares[width] = shares.get(width, 0.0) + rest / len(bounds)
    total = sum(shares.values())
    return [(width, share / total) for width, share in sorted(shares.items())] if total else []


def _numeric_width(value: str) -> float:
    """Bytes of a numeric on disk: a header of one byte, one of two, and two for each four digits."""
    whole, _, part = value.lstrip("-").partition(".")
    groups = [whole.lstrip("0")[::-1][at : at + 4] for at in range(0, len(whole.lstrip("0")), 4)][::-1]
    groups += [part[at : at + 4].ljust(4, "0") for at in range(0, len(part), 4)]
    while groups and not groups[-1].strip("0"):
        groups.pop()
    while groups and not groups[0].strip("0"):
        groups.pop(0)
    return 3.0 + 2.0 * len(groups)


def _stored_width(value: str) -> float:
    """Bytes of a text on disk: a header of one byte for short ones, of four for the others."""
    length = len(value.encode())
    return float(length + 1 if length < 127 else length + 4)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the size of a B-tree depends on."""

    attributes: tuple[Attribute, ...]
    """Keys first, then included columns."""
    keys: int
    rows: float
    """Rows that the index covers."""
    groups: float
    """Distinct values of the first key among them."""
    unique: bool
    deduplicates: bool
    """Equal keys share a tuple: nothing is included, the index is not unique, every key's equality is of the bytes."""
    most: float = math.inf
    """Combinations of all keys that constraints allow at most."""


def btree(shape: Shape) -> Extent:
    """Pages, tuples and height of a freshly built B-tree."""
    rows = max(0.0, shape.rows)
    if rows < 1:
        return Extent(2, rows, 0)
    sizes = _tuple_sizes(shape.attributes)
    mean = sum(size * share for size, share in sizes)
    groups = _group_sizes(shape, shape.keys)
    distinct = sum(count for _, count in groups)
    items = rows
    if shape.deduplicates and rows > 1.02 * distinct:
        leaves, items = _deduplicated_leaves(groups, mean)
    else:
        leaves = rows / _per_page(sizes, _USABLE - _LEAF_RESERVE)
    leaf_pages = max(1, math.ceil(leaves))
    above, height = _internal(leaf_pages, _pivot_size(shape, items))
    return Extent(leaf_pages + above + 1, rows, height)


def height_of(pages: int, attributes: Sequence[Attribute] = ()) -> int:
    """Levels above the leaves of an existing B-tree, from its length."""
    if pages <= 2:
        return 0
    pivot = 16.0
    if attributes:
        pivot = _align(_TUPLE_HEADER + _mean_width(attributes[0]), 8)
    # A tree that has grown by inserts fills its root before it gets another one; levels between are filled to 70 %.
    full = int(_USABLE // (pivot + _LINE_POINTER))
    height, level = 1, pages - 1
    while level > full:
        level = math.ceil(level / _fan_out(pivot))
        height += 1
    return height


def _fan_out(pivot: float) -> int:
    return max(2, int((_USABLE - _INTERNAL_RESERVE) // (pivot + _LINE_POINTER)) + 1)


def _per_page(sizes: Sequence[tuple[float, float]], space: float) -> float:
    mean = sum(size * share for size, share in sizes) + _LINE_POINTER
    if len({size for size, _ in sizes}) == 1:
        return max(1.0, float(int(space // mean)))
    # Tuples of mixed sizes end a page half a tuple early on average.
    return max(1.0, (space - mean / 2) / mean)


def _tuple_sizes(attributes: Sequence[Attribute]) -> list[tuple[float, float]]:
    """Sizes of index tuples with their shares, over which columns are NULL and how long the values are."""
    nullable = [i for i, attribute in enumerate(attributes) if attribute.null_fraction > 0][:6]
    found: dict[float, float] = {}
    for pattern in product((False, True), repeat=len(nullable)):
        missing = {i for i, null in zip(nullable, pattern, strict=True) if null}
        share = 1.0
        for i in nullable:
            fraction = attributes[i].null_fraction
            share *= fraction if i in missing else 1 - fraction
        if share <= 0:
            continue
        present = [attribute for i, attribute in enumerate(attributes) if i not in missing]
        header = _NULL_HEADER if missing else _TUPLE_HEADER
        for size, part in _sizes_of(present, header):
            found[size] = found.get(size, 0.0) + share * part
    return sorted(found.items())


def _sizes_of(attributes: Sequence[Attribute], header: int) -> list[tuple[float, float]]:
    states: dict[float, float] = {float(header): 1.0}
    for attribute in attributes:
        widths = attribute.widths()
        if len(widths) * len(states) > 20_000:
            widths = [(sum(width * share for width, share in widths), 1.0)]
        following: dict[float, float] = {}
        for (start, share), (width, part) in product(states.items(), widths):
            # Short values of varying length are stored without alignment.
            short = attribute.length < 0 and width < 127
            end = (start if short else _align(start, _ALIGNMENTS.get(attribute.alignment, 4))) + width
            following[end] = following.get(end, 0.0) + share * part
        states = following
    return [(_align(end, 8), share) for end, share in states.items()]


def _deduplicated_leaves(groups: Sequence[tuple[float, float]], mean: float) -> tuple[float, float]:
    """Leaf pages with equal keys merged into posting lists, and the tuples on them."""
    base = max(16.0, round(mean / 8) * 8.0)
    items = 0.0
    filled = 0.0
    for rows, count in groups:
        size, tuples = _posting(base, rows)
        items += tuples * count
        filled += size * count
    per_item = filled / items + _LINE_POINTER
    space = _USABLE - _LEAF_RESERVE
    if per_item > _MAX_POSTING * 0.9:
        return items / max(1.0, float(int(space // per_item))), items
    return items * per_item / (space - per_item / 2), items


def _posting(base: float, rows: float) -> tuple[float, float]:
    """Bytes and number of the tuples that hold so many rows of one key."""
    fits = max(1.0, (_MAX_POSTING - base) // _TID)
    whole, rest = divmod(rows, fits)
    size = whole * _align(base + _TID * fits, 8)
    if rest:
        size += base if rest <= 1 else _align(base + _TID * rest, 8)
    return size, whole + (1 if rest else 0)


def _group_sizes(shape: Shape, keys: int) -> list[tuple[float, float]]:
    """Rows that share the first so many keys, and how many such groups there are.

    Several keys are taken as independent of each other, which can only make the index larger than it is.
    """
    if shape.unique and keys == shape.keys:
        return [(1.0, shape.rows)]
    columns = shape.attributes[:keys]
    counts = [
        min(max(shape.groups, columns[0].least), shape.rows),
        *(_distinct(column, shape.rows) for column in columns[1:]),
    ]
    if keys == 1:
        known = _classes(columns[0], counts[0], shape.rows)
        return [pair for share, count in known for pair in _observed(share * shape.rows, count)]
    if keys == shape.keys and shape.most < shape.rows:
        return _observed(shape.rows / shape.most, shape.most)
    if max(counts) > _NEARLY_UNIQUE * shape.rows:
        return [(1.0, shape.rows)]
    combined = [(1.0, 1.0)]
    for column, distinct in zip(columns, counts, strict=True):
        classes = _gathered(_classes(column, distinct, shape.rows), _CLASSES)
        combined = _gathered(
            [(a * c, b * d) for (a, b), (c, d) in product(combined, classes)], _CLASSES * _CLASSES
        )
    return [pair for share, count in combined for pair in _by_chance(share * shape.rows, count)]


def _classes(attribute: Attribute, distinct: float, rows: float) -> list[tuple[float, float]]:
    """How large a share of the rows a value has, and how many values have it. NULL is a value here."""
    statistics = attribute.statistics
    if statistics is None:
        distinct = min(max(1.0, distinct), rows)
        return [(1 / distinct, distinct)]
    found = [(share, 1.0) for share in statistics.common_frequencies if share > 0]
    if attribute.null_fraction > 0:
        found.append((attribute.null_fraction, 1.0))
    rest = 1.0 - sum(share for share, _ in found)
    left = max(1.0, min(distinct, rows) - len(found))
    if rest * rows >= 1:
        found.append((rest / left, left))
    total = sum(share * count for share, count in found)
    return [(share / total, count) for share, count in found]


def _gathered(classes: list[tuple[float, float]], limit: int) -> list[tuple[float, float]]:
    """Classes of similar shares put together, until there are few enough."""
    ordered = sorted(classes)
    step = math.ceil(len(ordered) / limit)
    found = []
    for start in range(0, len(ordered), step):
        part = ordered[start : start + step]
        count = sum(number for _, number in part)
        found.append((sum(share * number for share, number in part) / count, count))
    return found


def _observed(average: float, groups: float) -> list[tuple[float, float]]:
    """Sizes of groups that are known to exist and hold this many rows on average."""
    if average <= 1.0:
        return [(1.0, average * groups)]
    if average > 40:
        return [(average, groups)]
    return _poisson(_rate(average), groups)


def _by_chance(average: float, groups: float) -> list[tuple[float, float]]:
    """Sizes of groups that rows fall into by chance; some stay empty."""
    if average > 40:
        return [(average, groups)]
    if average < 1e-3:
        return [(1.0, average * groups)]
    return _poisson(average, groups * -math.expm1(-average))


def _poisson(rate: float, groups: float) -> list[tuple[float, float]]:
    """Group sizes of a Poisson distribution without its empty groups."""
    weights = [
        math.exp(-rate + size * math.log(rate) - math.lgamma(size + 1))
        for size in range(1, int(rate * 3) + 16)
    ]
    total = sum(weights)
    return [
        (float(size), groups * weight / total)
        for size, weight in enumerate(weights, 1)
        if weight > total * 1e-9
    ]


def _rate(average: float) -> float:
    """The Poisson rate whose groups, empty ones left out, hold this many rows on average."""
    rate = average
    for _ in range(60):
        rate = average * (1 - math.exp(-rate))
    return max(rate, 1e-6)


def _pivot_size(shape: Shape, items: float) -> float:
    """Bytes of a downlink: only as many key columns are kept as tell two neighbouring tuples of the leaves apart.

    Where all keys do not, the row's own address is added.
    """
    expected = told_apart = width = 0.0
    for keys in range(1, shape.keys + 1):
        width = sum(size * share for size, share in _tuple_sizes(shape.attributes[:keys]))
        share = min(1.0, sum(count for _, count in _group_sizes(shape, keys)) / items)
        expected += max(0.0, share - told_apart) * width
        told_apart = max(told_apart, share)
    return expected + (1 - told_apart) * (width + 8)


def _distinct(attribute: Attribute, rows: float) -> float:
    statistics = attribute.statistics
    if statistics is None or statistics.distinct == 0:
        return max(200.0, attribute.least)
    guessed = statistics.distinct if statistics.distinct > 0 else max(1.0, -statistics.distinct * rows)
    return max(guessed, attribute.least)


def _internal(leaves: int, pivot: float) -> tuple[int, int]:
    """Pages above the leaves, and levels."""
    fan_out = _fan_out(pivot)
    pages, height, level = 0, 0, leaves
    while level > 1:
        level = math.ceil(level / fan_out)
        pages += level
        height += 1
    return pages, height


def _mean_width(attribute: Attribute) -> float:
    return sum(width * share for width, share in attribute.widths())


def _align(value: float, to: int) -> float:
    return math.ceil(value / to) * to
