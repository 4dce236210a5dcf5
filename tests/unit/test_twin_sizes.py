"""The arithmetic of B-tree sizes: known points and laws."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from indexical.model import ColumnStatistics
from indexical.twin.sizes import Attribute, Shape, btree, height_of

BIGINT = Attribute(8, "d", ColumnStatistics(average_width=8, distinct=-1.0), "bigint")


def _shape(rows: float, groups: float, *, unique: bool = False, deduplicates: bool = True) -> Shape:
    statistics = ColumnStatistics(average_width=8, distinct=groups)
    return Shape(
        (replace(BIGINT, statistics=statistics),), 1, rows, groups, unique, deduplicates and not unique
    )


def test_a_million_unique_bigints_take_what_postgresql_needs() -> None:
    extent = btree(_shape(1_000_000, 1_000_000, unique=True))
    assert (extent.pages, extent.height) == (2745, 2)


def test_an_empty_index_has_a_metapage_and_a_root() -> None:
    assert btree(_shape(0, 0)).pages == 2
    assert btree(_shape(0, 0)).height == 0


def test_few_values_take_a_third_of_many() -> None:
    assert btree(_shape(1_000_000, 5)).pages < btree(_shape(1_000_000, 1_000_000)).pages / 3


@given(st.integers(0, 10_000_000), st.integers(1, 10_000_000))
def test_more_rows_never_take_less_room(rows: int, groups: int) -> None:
    groups = min(groups, max(rows, 1))
    assert btree(_shape(rows * 2 + 1, groups)).pages >= btree(_shape(rows, groups)).pages


@given(st.integers(1, 5_000_000), st.integers(1, 5_000_000))
def test_deduplication_never_makes_an_index_larger_by_more_than_a_few_pages(rows: int, groups: int) -> None:
    groups = min(rows, groups)
    plain = btree(_shape(rows, groups, deduplicates=False)).pages
    assert btree(_shape(rows, groups)).pages <= plain * 1.05 + 2


@given(st.integers(1, 50_000_000))
def test_height_grows_with_length(pages: int) -> None:
    assert height_of(pages) <= height_of(pages * 2) <= height_of(pages) + 1


def test_null_takes_room_for_its_mark_and_none_for_the_value() -> None:
    statistics = ColumnStatistics(null_fraction=1.0, average_width=200, distinct=1)
    all_null = Shape((Attribute(-1, "i", statistics, "bytea"),), 1, 10_000, 1, False, False)
    assert btree(all_null).pages == btree(_shape(10_000, 10_000, unique=True)).pages
