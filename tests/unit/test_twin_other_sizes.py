"""Sizes of GIN, GiST, BRIN and hash indexes, and what they are made of: known points and laws."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.model import ColumnStatistics
from indexical.twin import metapages
from indexical.twin.arrays import array, elements, grid
from indexical.twin.documents import expression_statistics, in_samples, json_items, json_paths, trigrams
from indexical.twin.extended import dependency_bytes, distinct_bytes, with_frequencies
from indexical.twin.other_sizes import extent
from indexical.twin.sizes import Attribute

UNIQUE = Attribute(8, "d", ColumnStatistics(average_width=8, distinct=-1.0), "bigint")


def test_trigrams_are_those_of_pg_trgm() -> None:
    assert set(trigrams("Cat, a_b")) == {"  c", " ca", "cat", "at ", "  a", " a ", "  b", " b "}
    assert trigrams("!?") == {}


def test_json_is_taken_apart_as_the_operator_classes_do() -> None:
    text = '{"a": {"b": [1, "x"]}, "c": {}}'
    assert len(json_paths(text)) == 3
    assert set(json_items(text)) == {"Ka", "Kb", "Kc", "V=1", 'V="x"', "V={}"}
    assert json_paths("not json") == {"=null": ""}


def test_a_hash_index_has_a_power_of_two_of_buckets() -> None:
    assert extent("hash", [UNIQUE], [""], 100_000, 1000).pages == pytest.approx(514, abs=1)


def test_rows_of_few_values_overflow_their_buckets() -> None:
    few = Attribute(2, "s", ColumnStatistics(average_width=2, distinct=12), "smallint")
    assert extent("hash", [few], [""], 100_000, 1000).pages == pytest.approx(754, abs=2)


def test_a_block_range_index_has_a_map_and_summaries() -> None:
    assert extent("brin", [UNIQUE], [""], 1e6, 1000).pages == 3
    assert extent("brin", [UNIQUE], [""], 1e9, 1_000_000, 16).pages > 3 + 1_000_000 / 16 / 1360


@given(st.sampled_from(["gin", "gist", "brin", "hash", "spgist"]), st.integers(0, 10_000_000))
def test_more_rows_never_take_less_room(method: str, rows: int) -> None:
    pages = [extent(method, [UNIQUE], [""], n, n // 50).pages for n in (rows, rows * 2)]
    assert 1 <= pages[0] <= pages[1]


@given(st.lists(st.text(), min_size=2, max_size=40), st.floats(0, 0.9))
def test_shares_of_keys_never_exceed_the_rows_they_are_in(texts: list[str], nulls: float) -> None:
    known = ColumnStatistics(null_fraction=nulls, distinct=-1.0, histogram=array(texts))
    found = in_samples(known, trigrams, lambda _: 4.0, 10_000)
    assert all(0 < keys.share <= 1.0001 - nulls and keys.count > 0 for keys in found)
    mean = sum(len(trigrams(text)) for text in texts) / len(texts)
    assert sum(keys.share * keys.count for keys in found) == pytest.approx(
        mean * (1 - nulls), rel=0.01, abs=1e-6
    )


def test_whole_numbers_in_documents_have_no_more_values_than_their_range() -> None:
    docs = array([json.dumps({"user": n * 50 % 4999}) for n in range(100)])
    known = ColumnStatistics(distinct=-1.0, histogram=docs)
    [user] = in_samples(known, json_paths, lambda _: 4.0, 1_000_000)
    assert 4000 < user.count < 6000


def test_a_gin_metapage_says_what_the_index_is_made_of() -> None:
    page = metapages.gin(100, 60, 39, 1234)
    assert len(page) == 8192
    assert struct.unpack_from("<III", page, 48) == (100, 60, 39)
    assert struct.unpack_from("<qi", page, 64) == (1234, 2)


def test_a_brin_metapage_says_how_long_the_map_is() -> None:
    assert struct.unpack_from("<IIII", metapages.brin(1000, 128), 24) == (0xA8109CFA, 1, 128, 1)
    assert struct.unpack_from("<IIII", metapages.brin(1000 * 1360, 1), 24)[3] == 1000


def test_an_expression_of_few_values_is_seen_to_have_few() -> None:
    known = ColumnStatistics(distinct=-1.0, average_width=8, histogram=array([str(n) for n in range(101)]))
    found = expression_statistics([str(n % 3) for n in range(101)], known, 10_000)
    assert found.distinct == pytest.approx(3)
    assert elements(found.common_values) == ["0", "1", "2"]
    assert expression_statistics([str(n) for n in range(101)], known, 10_000).distinct == -1.0
    assert expression_statistics([None] * 101, known, 10_000).null_fraction == 1.0


def test_extended_statistics_are_laid_out_as_postgresql_stores_them() -> None:
    stored = distinct_bytes('{"1, 3": 11}', {1: 1, 3: 2})
    assert struct.unpack("<IIIdihh", stored) == (0xA352BFA4, 1, 1, 11.0, 2, 1, 2)
    stored = dependency_bytes('{"3 => 1": 0.5}', {1: 1, 3: 2})
    assert struct.unpack("<IIIdhhh", stored) == (0xB4549A2C, 1, 1, 0.5, 2, 2, 1)


def test_only_the_frequencies_of_a_stored_list_change() -> None:
    item = struct.pack("<??ddHH", False, True, 0.5, 0.25, 3, 4)
    changed = with_frequencies(b"head" + item + item, 2, [(0.1, 0.2), (0.3, 0.4)])
    assert changed == b"head" + struct.pack("<??ddHH", False, True, 0.1, 0.2, 3, 4) + struct.pack(
        "<??ddHH", False, True, 0.3, 0.4, 3, 4
    )


@given(st.lists(st.lists(st.text(min_size=1), min_size=2, max_size=2), min_size=1))
def test_a_grid_that_is_put_together_comes_apart_again(rows: list[list[str]]) -> None:
    assert grid("{" + ",".join(array(row) for row in rows) + "}") == rows
