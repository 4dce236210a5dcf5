"""How large an index of another kind than B-tree will be, before it exists: GIN, GiST, BRIN, hash and the rest.

GIN: ``gin/README`` of PostgreSQL: an entry tree of keys, each with its row addresses beside it while they fit, else in a tree of
their own; addresses are stored as differences (``ginpostinglist.c``). Hash: buckets in powers of two, three quarters full
(``hashpage.c``). BRIN: one summary for each range of pages. GiST: pages about two thirds full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from indexical.twin import documents
from indexical.twin.arrays import elements
from indexical.twin.documents import Keys
from indexical.twin.metapages import range_map_pages
from indexical.twin.sizes import Attribute, Extent

_PAGE = 8192
_ROOM = _PAGE - 24 - 8
_ENTRY_MAX = 2712
"""Bytes of a GIN entry that still keeps its row addresses beside it (``GinMaxItemSize``)."""
_ENTRY_FILL = 0.52
"""Keys come in order, and a page that is full is split in the middle."""
_DATA_FILL = 0.95
_HASH_TUPLE = 16 + 4
_HASH_FILL = 0.75
_WHOLE_STEPS = 512
_GIST_FILL = 0.62


def extent(
    method: str,
    attributes: Sequence[Attribute],
    classes: Sequence[str],
    rows: float,
    table_pages: int,
    pages_per_range: int = 128,
) -> Extent:
    """Pages of a freshly built index over so many rows."""
    rows = max(0.0, rows)
    if method == "gin":
        return _gin(attributes, classes, rows, table_pages)
    width = sum(_width(attribute) for attribute in attributes)
    if method == "brin":
        ranges = math.ceil(table_pages / pages_per_range)
        summary = _aligned(8 + 2 * width) + 4
        regular = math.ceil(ranges * summary / _ROOM) if ranges else 0
        return Extent(1 + range_map_pages(table_pages, pages_per_range) + max(regular, 1), rows, 0)
    if method == "hash":
        return _hash(attributes[0], rows)
    if method == "gist":
        return _gist(attributes, classes, rows)
    return Extent(2 + math.ceil(rows * (width + 20.0) / (_PAGE * 0.8)), rows, 0)


def _hash(attribute: Attribute, rows: float) -> Extent:
    """Buckets come in powers of two, from 512 on in quarters of them; a value's rows share one, which gets pages of its own."""
    per_page = math.floor((_PAGE - 24 - 16) / _HASH_TUPLE)
    rows *= 1 - attribute.null_fraction
    wanted = max(2, math.ceil(rows / math.floor(_PAGE * _HASH_FILL / _HASH_TUPLE)))
    power = 1 << (wanted - 1).bit_length() - 1
    quarters = (8,) if wanted <= _WHOLE_STEPS else (5, 6, 7, 8)
    buckets = next(size for size in (power * quarter // 4 for quarter in quarters) if size >= wanted)
    known = attribute.statistics
    distinct = float(wanted * 8)
    if known is not None and known.distinct:
        distinct = max(1.0, known.distinct if known.distinct > 0 else -known.distinct * rows)
    if distinct < buckets:
        # Most buckets stay empty, and full ones get as many pages as their rows need.
        overflow = distinct * max(0.0, math.ceil(rows / distinct / per_page) - 1)
    else:
        # Between two powers of two some buckets have been split and some have not: those hold twice as much.
        share, split = rows / (2 * power), 2 * (buckets - power)
        together = rows / distinct
        together = 1.0 if together < 1.05 else together + 1
        overflow = split * _overflow(share, together, per_page)
        overflow += (buckets - split) * _overflow(2 * share, together, per_page)
    bitmaps = 1 + math.floor((overflow + buckets) / 32768)
    return Extent(1 + buckets + bitmaps + math.ceil(overflow), rows, 0)


def _overflow(average: float, together: float, per_page: int) -> float:
    """Further pages a bucket needs, on average; so many rows come together, since they have one value."""
    spread = math.sqrt(average * together) or 1.0
    pages = range(1, 2 + math.ceil((average + 4 * spread) / per_page))
    return sum(0.5 * math.erfc((page * per_page - average) / spread / math.sqrt(2)) for page in pages)


def _gist(attributes: Sequence[Attribute], classes: Sequence[str], rows: float) -> Extent:
    size = 8.0
    for attribute, name in zip(attributes, classes, strict=False):
        width = _width(attribute)
        if name == "gist_trgm_ops":
            # Three bytes for each trigram, of which a text has about as many as letters.
            found = _keys(attribute, "gin_trgm_ops", rows) if attribute.statistics else []
            width = 5 + 3 * (sum(keys.share * keys.count for keys in found) or width)
        elif name == "tsvector_ops" and attribute.statistics is not None:
            width = 8 + 4 * sum(keys.share * keys.count for keys in _keys(attribute, name, rows))
        size += width
    per_page = max(2.0, _ROOM * _GIST_FILL / (_aligned(size) + 4))
    pages = leaves = max(1.0, rows / per_page)
    while leaves > 1:
        leaves /= per_page
        pages += math.ceil(leaves)
    return Extent(math.ceil(pages), rows, 0)


def _gin(attributes: Sequence[Attribute], classes: Sequence[str], rows: float, table_pages: int) -> Extent:
    entry_bytes = pivots = data_pages = entries = 0.0
    for attribute, name in zip(attributes, classes, strict=False):
        for keys in _keys(attribute, name, rows):
            count, holding = keys.count, max(1.0, keys.share * rows)
            head = _aligned_to(8 + keys.width, 2) + (2 if len(attributes) > 1 else 0)
            stored = 8 + (holding - 1) * _address_bytes(holding, table_pages)
            entries += count
            if head + stored > _ENTRY_MAX:
                data_pages += count * math.ceil(stored / (_ROOM * _DATA_FILL))
                # More than one page needs a root above.
                data_pages += count if stored > _ROOM * _DATA_FILL else 0
                entry_bytes += count * (_aligned(head) + 4)
            else:
                entry_bytes += count * (_entry_bytes(head, stored, holding) + 4)
            pivots += count * (_aligned(head) + 4)
    leaves = max(1, math.ceil(entry_bytes / (_ROOM * _ENTRY_FILL)))
    per_page = max(2.0, _ROOM * _ENTRY_FILL / max(pivots / entries if entries else 20.0, 12.0))
    entry_pages, level = leaves, float(leaves)
    while level > 1:
        level = math.ceil(level / per_page)
        entry_pages += int(level)
    pages = 1 + entry_pages + math.ceil(data_pages)
    return Extent(pages, rows, 0, entry_pages, math.ceil(data_pages), max(1.0, entries))


def _entry_bytes(head: float, stored: float, holding: float) -> float:
    """Bytes of an entry whose key is in so many rows on average: some are in one row only and take less than the mean does."""
    rate = 0.0
    for _ in range(20):
        # Rows of a key that has any, as they fall at random: solves rate / (1 - exp(-rate)) = holding.
        rate = holding * -math.expm1(-rate) if rate else max(0.0, holding - 0.5)
    alone = rate / math.expm1(rate) if 0 < rate < 50 else float(rate == 0)
    if alone > 0.99:
        return _aligned(head + 8) + stored - 8
    several = 8 + (stored - 8) / (1 - alone)
    # Padding up to eight bytes is three and a half on average.
    return alone * _aligned(head + 8) + (1 - alone) * max(
        _aligned(head + 8), _aligned_to(head + several, 2) + 3
    )


def _keys(attribute: Attribute, name: str, rows: float) -> list[Keys]:
    statistics = attribute.statistics
    found: list[Keys] = []
    if statistics is not None:
        if name == "gin_trgm_ops":
            found = documents.in_samples(statistics, documents.trigrams, lambda _: 4.0, rows)
        elif name == "jsonb_path_ops":
            found = documents.in_samples(statistics, documents.json_paths, lambda _: 4.0, rows)
        elif name == "jsonb_ops":
            found = documents.in_samples(statistics, documents.json_items, documents.json_item_bytes, rows)
        elif statistics.common_elements:
            found = _of_elements(attribute, statistics)
    if found:
        return found
    width = _width(attribute)
    # Nothing is known of the inside: a key for every eight bytes, each in one row of a hundred.
    per_row = max(1.0, width / 8)
    distinct = min(rows * per_row, 100.0 * per_row)
    return [Keys(per_row / max(distinct, 1.0), max(distinct, 1.0), min(width, 8.0))]


def _of_elements(attribute: Attribute, statistics: Any) -> list[Keys]:
    """Elements of an array, lexemes of a text search vector."""
    common = elements(statistics.common_elements)
    text = sum(len(value.encode()) for value in common) / max(1, len(common))
    if statistics.element_count_histogram:
        count = float(statistics.element_count_histogram[-1])
        fixed = {"integer[]": 4.0, "bigint[]": 8.0, "smallint[]": 2.0, "uuid[]": 16.0, "date[]": 4.0}
        return documents.in_elements(statistics, count, fixed.get(attribute.type, 1 + text))
    # A vector's lexeme takes a word entry, its text and one position.
    count = max(1.0, (_width(attribute) - 8) / (8 + text))
    return documents.in_elements(statistics, count, 1 + text)


def _address_bytes(holding: float, table_pages: int) -> float:
    """Bytes of the difference between two row addresses, 7 bits of it a byte; a page counts 2,048."""
    per_page = holding / max(table_pages, 1)
    if per_page > 1:
        return (per_page - 1 + 2) / per_page
    gap = 2048 / max(per_page, 1e-9)
    # Gaps between rows that lie at random are exponential around their mean.
    shares = [1 - math.exp(-(2.0 ** (7 * size)) / gap) for size in range(1, 7)]
    return 1 + sum(1 - share for share in shares[:-1])


def _width(attribute: Attribute) -> float:
    return sum(size * share for size, share in attribute.widths())


def _aligned(size: float) -> float:
    return _aligned_to(size, 8)


def _aligned_to(size: float, to: int) -> float:
    return math.ceil(size / to) * to
