"""Laws and cases of ``covers``: it is a partial order, and it is strict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexical.model import ExistingIndex, Index, Key
from indexical.model.covers import canonical, covers, equivalent, guarantees, serves, serves_same_scans
from indexical.model.opclasses import settled
from indexical.testing import existing, index, table

T = "public.orders"

_KEYS = st.builds(
    Key,
    column=st.sampled_from(["a", "b", "c"]),
    opclass=st.sampled_from(["", "", "", "text_ops", "varchar_pattern_ops", "text_pattern_ops"]),
    collation=st.sampled_from(["", "", "C"]),
    descending=st.booleans(),
    nulls_first=st.booleans(),
)
_INDEXES = st.builds(
    Index,
    schema=st.just("public"),
    table=st.sampled_from(["orders", "orders", "orders", "users"]),
    keys=st.lists(_KEYS, min_size=1, max_size=3).map(tuple),
    method=st.sampled_from(["btree", "btree", "btree", "hash", "gin", "gist", "brin"]),
    include=st.lists(st.sampled_from(["a", "b", "d"]), max_size=2, unique=True).map(tuple),
    predicate=st.sampled_from(
        [
            "",
            "",
            "a = 1",
            "((a = 1))",
            "a IN (1)",
            "a > 0",
            "a >= 1 AND a <= 1",
            "b",
            "b = true",
            "b IS NOT NULL",
        ]
    ),
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
@example(index(T, "a", method="hash"), index(T, "a", method="hash", include=("a",)))
def test_indexes_over_all_rows_cover_each_other_exactly_when_they_are_spelled_alike(
    one: Index, other: Index
) -> None:
    one, other = replace(one, predicate=""), replace(other, predicate="")
    assert equivalent(one, other) == (canonical(one) == canonical(other))


@given(st.one_of(_INDEXES, _related()), st.one_of(_INDEXES, _related()))
def test_one_canonical_spelling_is_one_index(one: Index, other: Index) -> None:
    assert canonical(one) != canonical(other) or equivalent(one, other)


@given(_INDEXES, _INDEXES)
def test_what_covers_is_of_the_same_table_and_serves_and_guarantees_as_much(one: Index, other: Index) -> None:
    if covers(one, other):
        assert (one.schema, one.table) == (other.schema, other.table)
        assert one.method == other.method or (one.method, other.method) == ("btree", "hash")
        assert serves(one, other)
        assert guarantees(one, other)


@given(_INDEXES, _INDEXES, _INDEXES)
def test_serving_and_guaranteeing_are_handed_on(one: Index, two: Index, three: Index) -> None:
    assert not (serves(one, two) and serves(two, three)) or serves(one, three)
    assert not (guarantees(one, two) and guarantees(two, three)) or guarantees(one, three)


@given(_INDEXES)
def test_an_index_over_all_rows_serves_the_partial_one_and_covers_it_only_when_that_is_not_partial(
    one: Index,
) -> None:
    whole = replace(one, predicate="")
    assert serves(whole, one)
    assert covers(whole, one) == (not one.predicate)
    assert serves(one, whole) == (not one.predicate)


@given(_related(), _related(), _related())
@example(index(T, "a, b, c"), index(T, "a DESC, b DESC"), index(T, "a"))
@example(index(T, "a, b"), index(T, "a DESC"), index(T, "a", method="hash"))
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
        (index(T, "a"), index(T, "a", method="hash")),
        (index(T, "a DESC, b"), index(T, "a", method="hash")),
        (index(T, "a, b", method="gin"), index(T, "b", method="gin")),
        (index(T, "b, a", method="gin"), index(T, "a, b", method="gin")),
        (index(T, "a, b", method="brin"), index(T, "a", method="brin")),
        (index(T, "a int4_ops"), index(T, "a")),
        (index(T, "a"), index(T, "a text_ops")),
        (index(T, "a varchar_ops"), index(T, "a text_ops")),
        (index(T, "a varchar_pattern_ops"), index(T, "a text_pattern_ops")),
        (index(T, "a jsonb_ops", method="gin"), index(T, "a", method="gin")),
        (index(T, "a", where="a = ANY (ARRAY[1, 2])"), index(T, "a", where="a IN (2, 1)")),
        (index(T, "a", where="NOT paid"), index(T, "a", where="paid = false")),
        (index(T, "a", where="b BETWEEN 1 AND 5"), index(T, "a", where="((b >= 1) AND (b <= 5))")),
        (index(T, "a", where="NOT (b IS NULL)"), index(T, "a", where="b IS NOT NULL")),
        (index(T, "a", where="b = 3", include=["b"]), index(T, "b, a", where="b = 3")),
        (index(T, "b, a", where="b = 3"), index(T, "a", where="b = 3")),
        (index(T, "b, a DESC", where="b IN (3) AND c"), index(T, "a", where="c AND b = 3")),
        (index(T, "b, a", where="NOT b"), index(T, "a", method="hash", where="b = false")),
        (index(T, "a, b", where="b <> 3"), index(T, "a", where="(b != 3)")),
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
        (index(T, "a", where="b > 1"), index(T, "a", where="b > 2")),
        (index(T, "a", where="b = 3"), index(T, "b, a", where="b = 3")),
        (index(T, "b, a", where="b IN (3, 4)"), index(T, "a", where="b IN (3, 4)")),
        (index(T, "b, a", where="b = 3 OR b = 4"), index(T, "a", where="b = 3 OR b = 4")),
        (index(T, "b, a", where="b = 3 OR c = 3"), index(T, "a", where="b = 3 OR c = 3")),
        (index(T, "a", where="b > 2"), index(T, "a", where="b > 1")),
        (index(T, "a", where="b IN (1, 2)"), index(T, "a", where="b = 1")),
        (index(T, "a", where="(b)::text = 'x'::text"), index(T, "a", where="b = 'x'::citext")),
        (index(T, "a", where="status = 'NEW'"), index(T, "a", where="status = 'new'")),
        (index(T, "a", where="x or y"), index(T, "a", where="x and y")),
        (index(T, "a", where="(x or y) and z"), index(T, "a", where="x or y and z")),
        (index(T, "a", where='"Paid"'), index(T, "a", where="paid")),
        (index(T, "a, b", method="hash"), index(T, "a", method="hash")),
        (index(T, "a", method="gin"), index(T, "a, b", method="gin")),
        (index(T, "a, b", method="gist"), index(T, "a", method="gist")),
        (index(T, "a gin_trgm_ops", method="gin"), index(T, "a", method="gin")),
        (index(T, "a jsonb_path_ops", method="gin"), index(T, "a", method="gin")),
        (index(T, "a", method="brin"), index(T, "a")),
        (index(T, "a", method="hash"), index(T, "a")),
        (index(T, "b, a"), index(T, "a", method="hash")),
        (index(T, "a", where="b"), index(T, "a", method="hash")),
        (index(T, "a inet_ops", method="gist"), index(T, "a", method="gist")),
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


def test_a_bytewise_collation_finds_patterns_without_the_pattern_class() -> None:
    plain = Index("public", "orders", (Key(column="a", collation="C"),))
    pattern = Index("public", "orders", (Key(column="a", collation="C", opclass="text_pattern_ops"),))
    assert covers(plain, pattern)
    assert not covers(pattern, plain)
    assert not covers(index(T, "a"), pattern)
    assert not covers(plain, index(T, "a varchar_pattern_ops"))


def test_a_column_that_compares_bytes_by_itself_needs_no_pattern_class() -> None:
    orders = table(T, "a varchar(9), b int")
    plain, pattern = index(T, "a"), index(T, "a varchar_pattern_ops")
    assert covers(settled(plain, orders, "C"), settled(pattern, orders, "C"))
    assert not covers(settled(plain, orders, "en_US.utf8"), settled(pattern, orders, "en_US.utf8"))


def test_a_class_that_is_another_types_default_is_no_default() -> None:
    orders = table(T, "a citext, b text")
    assert not covers(settled(index(T, "a text_ops"), orders), settled(index(T, "a"), orders))
    assert covers(settled(index(T, "b text_ops"), orders), settled(index(T, "b"), orders))


@pytest.mark.parametrize(
    ("a", "b", "holds"),
    [
        ("unique a", "unique a, b", True),
        ("unique a, b", "unique b, a", True),
        ("unique a", "unique a DESC where b = 1", True),
        ("unique a where b > 0", "unique a where b = 1", True),
        ("unique a", "a, b", True),
        ("unique a, b", "unique a", False),
        ("unique a where b = 1", "unique a", False),
        ("unique a where b = 1", "unique a where b > 0", False),
        ("a", "unique a", False),
    ],
)  # fmt: skip
def test_uniqueness_over_fewer_columns_and_more_rows_promises_more(a: str, b: str, holds: bool) -> None:
    assert guarantees(existing(T, a), existing(T, b)) is holds


def test_a_stronger_promise_about_nulls_covers_a_weaker_one() -> None:
    weak, strong = existing(T, "unique a"), existing(T, "unique a", nulls_not_distinct=True)
    assert covers(strong, weak)
    assert not covers(weak, strong)
    assert guarantees(strong, weak)
    assert not guarantees(weak, strong)


def _same_but(one: ExistingIndex, **changed: object) -> bool:
    return covers(one, replace(one, **changed))  # type: ignore[arg-type]


def test_what_an_existing_index_promises_is_kept() -> None:
    plain, primary = existing(T, "unique a"), existing(T, "primary a")
    unique = existing(T, "unique constraint a")
    assert _same_but(plain, name="another", size=1)
    assert covers(primary, unique)
    assert covers(primary, plain)
    assert not covers(unique, primary)
    assert not covers(plain, unique)
    assert not covers(replace(unique, deferrable=True), unique)
    assert not covers(replace(plain, valid=False), plain)
    assert not covers(existing(T, "a", ready=False), index(T, "a"))
    assert not covers(index(T, "a"), existing(T, "exclusion a"))


def test_a_coarser_brin_index_is_another_one() -> None:
    fine = existing(T, "using brin a", options=(("pages_per_range", "8"),))
    assert not covers(fine, existing(T, "using brin a"))
    assert not covers(existing(T, "using brin a"), fine)
    assert not covers(fine, index(T, "a", method="brin"))
    assert covers(
        existing(T, "using brin a", options=(("pages_per_range", "128"),)), index(T, "a", method="brin")
    )
