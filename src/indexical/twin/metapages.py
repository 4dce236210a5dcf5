"""First pages of GIN and BRIN indexes, from which the planner reads how an index is made up.

Layouts: ``ginblock.h`` (``GinMetaPageData``), ``brin_page.h`` (``BrinMetaPageData``) and ``bufpage.h`` of PostgreSQL 14 to 18,
pages of 8 KiB. An empty index says that it has no entries, and the planner would then guess.
"""

from __future__ import annotations

import math
import struct

from indexical.twin.skeleton import PAGE

_HEADER = 24
_VERSION = PAGE | 4
_NO_BLOCK = 0xFFFFFFFF
_GIN_META = 8
_GIN_VERSION = 2
_BRIN_MAGIC, _BRIN_VERSION, _BRIN_META_TYPE = 0xA8109CFA, 1, 0xF091
_RANGES_A_PAGE = (PAGE - _HEADER - 8) // 6
"""Of a BRIN's range map."""


def gin(pages: int, entry_pages: int, data_pages: int, entries: float) -> bytes:
    """Of a GIN index without pending entries."""
    page = _page(_HEADER + 56, PAGE - 8)
    struct.pack_into(
        "<IIIIqIII", page, _HEADER, _NO_BLOCK, _NO_BLOCK, 0, 0, 0, pages, entry_pages, data_pages
    )
    struct.pack_into("<qi", page, _HEADER + 40, min(int(entries), 1 << 62), _GIN_VERSION)
    # Special space: right link, greatest offset, flags.
    struct.pack_into("<IHH", page, PAGE - 8, _NO_BLOCK, 0, _GIN_META)
    return bytes(page)


def brin(table_pages: int, pages_per_range: int) -> bytes:
    """Of a BRIN index over a table of this length."""
    page = _page(_HEADER + 16, PAGE - 8)
    last = range_map_pages(table_pages, pages_per_range)
    struct.pack_into("<IIII", page, _HEADER, _BRIN_MAGIC, _BRIN_VERSION, pages_per_range, last)
    struct.pack_into("<H", page, PAGE - 2, _BRIN_META_TYPE)
    return bytes(page)


def range_map_pages(table_pages: int, pages_per_range: int) -> int:
    """Pages of a BRIN's range map: it begins behind the first page, and has one page at least."""
    return max(1, math.ceil(math.ceil(table_pages / pages_per_range) / _RANGES_A_PAGE))


def _page(lower: int, special: int) -> bytearray:
    page = bytearray(PAGE)
    struct.pack_into("<QHHHHHHI", page, 0, 0, 0, 0, lower, special, special, _VERSION, 0)
    return page
