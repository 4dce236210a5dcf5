"""The bytes of an empty tall B-tree."""

from __future__ import annotations

import struct

import pytest

from indexical.twin.skeleton import PAGE, is_metapage, pages


def _metapage() -> bytes:
    page = bytearray(PAGE)
    struct.pack_into("<IIIIII", page, 24, 0x053162, 4, 0, 0, 0, 0)
    return bytes(page)


@pytest.mark.parametrize("height", [0, 1, 2, 4])
def test_a_skeleton_has_one_page_a_level_below_the_metapage(height: int) -> None:
    made = pages(_metapage(), height)
    assert len(made) == (height + 2) * PAGE
    assert struct.unpack_from("<IIIIII", made, 24) == (0x053162, 4, 1, height, 1, height)
    for block in range(1, height + 2):
        start = block * PAGE
        lower, upper, special, version = struct.unpack_from("<HHHH", made, start + 12)
        before, after, level, flags, cycle = struct.unpack_from("<IIIHH", made, start + PAGE - 16)
        assert (before, after, cycle, special, version) == (0, 0, 0, PAGE - 16, PAGE | 4)
        assert level == height - (block - 1)
        assert bool(flags & 2) == (block == 1)
        assert bool(flags & 1) == (level == 0)
        assert (lower - 24) // 4 == (1 if level else 0)
        if level:
            high, low, attributes, info = struct.unpack_from("<HHHH", made, start + upper)
            assert (high << 16 | low, attributes, info & 0x1FFF) == (block + 1, 0, 8)


def test_other_pages_are_no_metapage() -> None:
    assert is_metapage(_metapage())
    assert not is_metapage(bytes(PAGE))
    assert not is_metapage(_metapage()[:100])
