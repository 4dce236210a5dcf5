"""The bytes of an empty B-tree that is as tall as a full one.

The planner charges each descent by the height it reads from an index's metapage, and looks at the ends of an index by
descending it. A skeleton satisfies both: a metapage, one page a level with a single downlink, and an empty leaf. Layout:
``bufpage.h``, ``nbtree.h`` and ``itup.h`` of PostgreSQL 12 to 18, pages of 8 KiB.
"""

from __future__ import annotations

import struct

PAGE = 8192
_HEADER = 24
_SPECIAL = PAGE - 16
_VERSION = PAGE | 4
_ROOT, _LEAF = 2, 1
_META_ROOT_OFFSET = _HEADER + 8
_MAGIC = 0x053162
_PIVOT = 0x2000
"""The bit of ``t_info`` that marks a pivot tuple."""


def is_metapage(page: bytes) -> bool:
    """Whether this is the first page of a B-tree."""
    return len(page) == PAGE and struct.unpack_from("<I", page, _HEADER)[0] == _MAGIC


def pages(metapage: bytes, height: int) -> bytes:
    """Metapage, ``height`` internal pages and a leaf, made from the index's own metapage."""
    meta = bytearray(metapage)
    # Root, its level, fast root, its level.
    struct.pack_into("<IIII", meta, _META_ROOT_OFFSET, 1, height, 1, height)
    return bytes(meta) + b"".join(_page(1 + depth, height - depth) for depth in range(height + 1))


def _page(block: int, level: int) -> bytes:
    page = bytearray(PAGE)
    top = block == 1
    flags = (_ROOT if top else 0) | (_LEAF if level == 0 else 0)
    lower, upper = _HEADER, _SPECIAL
    if level:
        # The "minus infinity" downlink: a pivot tuple without attributes that points to the page below.
        upper = _SPECIAL - 8
        lower += 4
        below = block + 1
        struct.pack_into("<HHHH", page, upper, below >> 16, below & 0xFFFF, 0, 8 | _PIVOT)
        # Line pointer: offset 15 bits, flags 2 bits (1 is "normal"), length 15 bits.
        struct.pack_into("<I", page, _HEADER, upper | (1 << 15) | (8 << 17))
    struct.pack_into("<QHHHHHHI", page, 0, 0, 0, 0, lower, upper, _SPECIAL, _VERSION, 0)
    struct.pack_into("<IIIHH", page, _SPECIAL, 0, 0, level, flags, 0)
    return bytes(page)
