"""Laws and cases of ``covers``: it is a partial order, and it is strict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexical.model import Index, Key
from indexical.model.covers import canonical, covers, equivalent, serves_same_scans
from indexical.testing import index

T = "public.orders"

_KEYS = st.builds(
    Key,
    column=st.sampled_from(["a", "b", "c"]),
    opclass=st.sampled_from(["", "", "", "varchar_pattern_ops"]),
    collation=st.sampled_from(["", "", "", "C"]),
    descending=st.booleans(),
    nulls_first=st.booleans(),
)
_INDEXES = st.builds(
    Index,
    schema=st.just("public"),
    table=st.sampled_from(["orders", "orders", "orders", "users"]),
    keys=st.lists(_KEYS, min_size=1, max_size=3).map(tuple),
    method=st.sampled_from(["btree", "btree", "btree", "hash", "gin"]),
    include=st.lists(st.sampled_from(["a", "b", "d"]), max_size=2, unique=True).map(tuple),
    predicate=st.sampled_from(["", "", "a = 1", "(a = 1)", "((a = 1))", "b"]),
    unique=st.booleans(),
)


@st.composite
def _related(draw: st.DrawFn) -> Index:
    """Few enough indexes that pairs which cover each other are common."""
    keys = draw(
        st.sampled_from(
            ["a", "a DESC", "a, b", "a DESC, b DESC", "a, b DESC", "a DESC, b", "a, b, c", "b, a"]
        )
    )
    return index(
        T,
        keys,
        where=draw(st.sampled_from(["", "", "b = 1", "(b = 1)"])),
        include=draw(st.sampled_from([(), (), ("b",), ("c",), ("b", "c"), ("c", "b")])),
        unique=draw(st.booleans()),
    )


@given(_INDEXES)
def test_every_index_covers_itself(one: Index) -> None:
    assert covers(one, one)
    assert equivalent(one, one)


@given(st.one_of(_INDEXES, _related()), st.one_of(_INDEXES, _related()))
@example(index(T, "a, b DESC"), index(T, "a DESC, b"))
def test_indexes_that_cover_each_other_have_one_canonical_spelling(one: Index, other: Index) -> None:
    assert (covers(one, other) and covers(other, one)) == (canonical(one) == canonical(other))


@given(_related(), _related(), _related())
@example(index(T, "a, b, c"), index(T, "a DESC, b DESC"), index(T, "a"))
def test_covering_is_handed_on(one: Index, two: Index, three: Index) -> None:
    if covers(one, two) and covers(two, three):
        assert covers(one, three)


@given(_INDEXES, _INDEXES, _INDEXES)
def test_covering_is_handed_on_among_any_indexes(one: Index, two: Index, three: Index) -> None:
    assert not (covers(one, two) and covers(two, three)) or covers(one, three)


@given(_INDEXES, st.integers(1, 3))
def test_a_plain_btree_covers_every_prefix_of_itself(one: Index, width: int) -> None:
    whole = replace(one, method="btree", unique=False)
    assert covers(whole, replace(whole, keys=whole.keys[:width]))


@given(_INDEXES)
def test_a_btree_covers_its_complete_reversal(one: Index) -> None:
    whole = replace(one, method="btree")
    turned = tuple(replace(k, descending=not k.descending, nulls_first=not k.nulls_first) for k in whole.keys)
    assert equivalent(whole, replace(whole, keys=turned))


@given(_related(), _related(), st.integers(0, 3))
def test_serving_the_same_scans_is_never_stricter_than_covering(one: Index, other: Index, bound: int) -> None:
    if covers(one, other):
        assert serves_same_scans(one, other, bound)


@given(_related(), _related())
def test_with_no_bound_key_serving_the_same_scans_is_covering(one: Index, other: Index) -> None:
    assert serves_same_scans(one, other, 0) == covers(one, other)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (index(T, "a, b"), index(T, "a")),
        (index(T, "a, b"), index(T, "a DESC, b DESC")),
        (index(T, "a"), index(T, "a DESC")),
        (index(T, "a, b"), index(T, "a DESC")),
        (index(T, "a, b, c"), index(T, "a", include=["c"])),
        (index(T, "a", include=["c", "b"]), index(T, "a", include=["b", "c"])),
        (index(T, "a", unique=True), index(T, "a")),
        (index(T, "a", where="((status)::text = 'NEW'::text)"), index(T, "a", where="status = 'NEW'")),
        (index(T, "a", where="b and c = 1"), index(T, "a", where="((c = 1) AND b)")),
        (index(T, "a, b", where="NOT paid"), index(T, "a", where="(not paid)")),
        (index(T, "(lower((email)::text)), a"), index(T, "(LOWER(email))")),
        (index(T, "a pg_catalog_ops"), index(T, "a pg_catalog_ops")),
        (index(T, "a", method="hash"), index(T, "a", method="hash")),
        (index(T, "a NULLS FIRST"), index(T, "a DESC NULLS LAST")),
    ],
)  # fmt: skip
def test_it_covers(a: Index, b: Index) -> None:
    assert covers(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (index(T, "a"), index(T, "a, b")),
        (index(T, "b, a"), index(T, "a")),
        (index(T, "a, b DESC"), index(T, "a, b")),
        (index(T, "a, b"), index(T, "a DESC, b")),
        (index(T, "a NULLS FIRST"), index(T, "a")),
        (index("public.users", "a"), index(T, "a")),
        (index("other.orders", "a"), index(T, "a")),
        (index(T, "a"), index(T, "a varchar_pattern_ops")),
        (index(T, "a varchar_pattern_ops"), index(T, "a")),
        (index(T, "a"), index(T, "a", unique=True)),
        (index(T, "a, b", unique=True), index(T, "a", unique=True)),
        (index(T, "a", unique=True), index(T, "a, b", unique=True)),
        (index(T, "a", include=["b"]), index(T, "a", include=["c"])),
        (index(T, "a"), index(T, "a", include=["b"])),
        (index(T, "a", include=["b"]), index(T, "a, b")),
        (index(T, "a", where="b"), index(T, "a")),
        (index(T, "a"), index(T, "a", where="b")),
        (index(T, "a", where="status = 'NEW'"), index(T, "a", where="status = 'new'")),
        (index(T, "a", where="x or y"), index(T, "a", where="x and y")),
        (index(T, "a", where="(x or y) and z"), index(T, "a", where="x or y and z")),
        (index(T, "a", where='"Paid"'), index(T, "a", where="paid")),
        (index(T, "a, b", method="hash"), index(T, "a", method="hash")),
        (index(T, "a, b", method="gin"), index(T, "a", method="gin")),
        (index(T, "a", method="brin"), index(T, "a")),
        (index(T, "a"), index(T, "a", method="hash")),
        (index(T, "(lower(email))"), index(T, "(upper(email))")),
        (index(T, "(lower(email))"), index(T, "email")),
    ],
)  # fmt: skip
def test_it_does_not_cover(a: Index, b: Index) -> None:
    assert not covers(a, b)


def test_another_collation_is_another_order() -> None:
    c = Index("public", "orders", (Key(column="a", collation="C"),))
    assert not covers(c, index(T, "a"))
    assert not covers(index(T, "a"), c)


def test_the_direction_of_a_bound_key_cannot_be_told() -> None:
    ours, theirs = index(T, "user_id, created_at"), index(T, "user_id, created_at DESC")
    assert not covers(theirs, ours)
    assert serves_same_scans(theirs, ours, 1)
    assert serves_same_scans(theirs, ours, 2)
    assert not serves_same_scans(theirs, ours, 0)


def test_bound_keys_do_not_excuse_another_order_of_columns() -> None:
    assert not serves_same_scans(index(T, "b, a"), index(T, "a, b"), 2)
    assert not serves_same_scans(index(T, "a"), index(T, "a, b"), 2)


def test_bound_keys_do_not_excuse_another_opclass() -> None:
    assert not serves_same_scans(index(T, "a varchar_pattern_ops"), index(T, "a"), 1)
