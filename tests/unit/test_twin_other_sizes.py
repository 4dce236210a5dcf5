"""Sizes of GIN, GiST, BRIN and hash indexes, and what they are made of: known points and laws."""

from __future__ import annotations

import hashlib
import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.model import ColumnStatistics
from indexical.twin import metapages
from indexical.twin.arrays import array, grid
from indexical.twin.documents import (
    in_samples,
    json_item_bytes,
    json_items,
    json_paths,
    trigrams,
)
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


def of_documents(
    documents: list[dict[str, object]], rows: float = 100_000, distinct: float = -1.0
) -> dict[float, float]:
    """Numbers of keys by the bytes of one, which are those of the value's text."""
    known = ColumnStatistics(distinct=distinct, histogram=array([json.dumps(each) for each in documents]))
    counts: dict[float, float] = {}
    for keys in in_samples(known, json_paths, lambda key: float(len(key)), rows):
        counts[keys.width] = counts.get(keys.width, 0.0) + keys.count
    return counts


def word(number: int, kinds: int) -> str:
    return hashlib.md5(str(number % kinds).encode()).hexdigest()


def test_what_alone_can_tell_documents_apart_has_a_key_for_each() -> None:
    found = of_documents([{"id": word(n, 10**9), "kind": n % 4} for n in range(101)])
    assert max(found.values()) == pytest.approx(100_000, rel=0.02)


def test_what_others_can_tell_apart_is_not_taken_for_one_of_a_kind() -> None:
    documents: list[dict[str, object]] = [
        {"id": word(n, 10**9), "at": n * 997 % 90_000, "row": n * 31 % 300, "seat": n * 17 % 200}
        for n in range(101)
    ]
    named = of_documents(documents)[len(f".id={json.dumps(word(1, 2))}")]
    assert 1_700 < named < 50_000


def test_documents_that_repeat_bound_what_is_in_them() -> None:
    found = of_documents([{"id": word(n, 10**9)} for n in range(101)], distinct=5_000)
    assert max(found.values()) <= 5_000


def test_two_that_met_by_chance_do_not_speak_against_a_range_of_numbers() -> None:
    numbers = [n * 499 for n in range(100)] + [0]
    found = of_documents([{"price": n / 100} for n in numbers])
    assert sum(found.values()) > 30_000


def test_many_that_met_do_speak_against_it() -> None:
    numbers = [n * 1000 for n in range(50)] * 2
    assert sum(of_documents([{"price": n} for n in numbers]).values()) < 200


def test_texts_that_differ_in_a_number_have_no_more_values_than_its_range() -> None:
    documents: list[dict[str, object]] = [{"mail": f"user{n * 50 % 4999}@example.com"} for n in range(100)]
    assert 4_000 < sum(of_documents(documents).values()) < 6_000


def test_fields_hardly_ever_seen_have_the_values_that_others_have() -> None:
    documents: list[dict[str, object]] = [{f"f{n}": n * 37 % 1000} for n in range(101)]
    assert 30_000 < sum(of_documents(documents).values()) <= 100_000


def test_long_values_are_hashed() -> None:
    assert json_item_bytes('V="' + "x" * 126 + '"') == 10
    assert json_item_bytes('V="abc"') == json_item_bytes("Kabc") == json_item_bytes("V=123") == 5


@given(
    st.lists(
        st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=4)), min_size=2, max_size=30
    )
)
def test_any_documents_have_at_least_the_keys_that_were_seen(documents: list[dict[str, object]]) -> None:
    documents = [{key.replace("\0", ""): value for key, value in each.items()} for each in documents]
    seen = {key for each in documents for key in json_paths(json.dumps(each))}
    known = ColumnStatistics(distinct=-1.0, histogram=array([json.dumps(each) for each in documents]))
    found = in_samples(known, json_paths, lambda _: 4.0, 10_000)
    assert len(seen) * 0.999 <= sum(keys.count for keys in found) < math.inf
    assert all(0 < keys.share <= 1.0001 for keys in found)


def test_a_gin_metapage_says_what_the_index_is_made_of() -> None:
    page = metapages.gin(100, 60, 39, 1234)
    assert len(page) == 8192
    assert struct.unpack_from("<III", page, 48) == (100, 60, 39)
    assert struct.unpack_from("<qi", page, 64) == (1234, 2)


def test_a_brin_metapage_says_how_long_the_map_is() -> None:
    assert struct.unpack_from("<IIII", metapages.brin(1000, 128), 24) == (0xA8109CFA, 1, 128, 1)
    assert struct.unpack_from("<IIII", metapages.brin(1000 * 1360, 1), 24)[3] == 1000


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
