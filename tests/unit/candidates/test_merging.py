"""Index merging: its laws, its bounds, and whose statements a merged candidate serves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.candidates.merging import ALWAYS, GUESTS, PARENTS, SHARE, merge, merges
from indexical.model import Index, Key, Limits
from indexical.model.covers import canonical, covers
from indexical.testing import index, statement
from tests.unit.candidates.shop import ask

WIDE = Limits(max_width=4, max_include=3)

keys = st.builds(
    lambda name, down: Key.desc(name) if down else Key.asc(name), st.sampled_from("abcde"), st.booleans()
)
indexes = st.builds(
    lambda found, include, predicate: Index(
        "public",
        "t",
        tuple({key.column: key for key in found}.values()),
        include=tuple(sorted(include - {key.column for key in found})),
        predicate=predicate,
    ),
    st.lists(keys, min_size=1, max_size=4),
    st.sets(st.sampled_from("abcdefg"), max_size=3),
    st.sampled_from(["", "", "", "f > 1"]),
)
asked = st.dictionaries(
    indexes, st.frozensets(st.sampled_from(["s1", "s2", "s3", "s4"]), min_size=1), max_size=9
)


def held(one: Index) -> set[str]:
    return {*one.columns, *one.include}


def everything_fits(_: Index) -> bool:
    return True


@given(indexes, indexes)
def test_the_first_keeps_all_its_keys_in_their_places(first: Index, second: Index) -> None:
    made = merge(first, second, WIDE)
    if made is not None:
        assert made.keys[: len(first.keys)] == first.keys
        assert covers(made, Index(first.schema, first.table, first.keys, predicate=first.predicate))


@given(indexes, indexes)
def test_all_that_either_holds_is_held_and_nothing_else(first: Index, second: Index) -> None:
    made = merge(first, second, WIDE)
    if made is not None:
        assert held(made) == held(first) | held(second)
        assert set(made.columns) == set(first.columns) | set(second.columns)
        assert covers(made, first)


@given(indexes, indexes)
def test_the_limits_hold(first: Index, second: Index) -> None:
    made = merge(first, second, Limits(max_width=3, max_include=1))
    if made is not None:
        assert len(made.keys) <= 3
        assert len(made.include) <= 1
        assert len(made.columns) == len(set(made.columns))


@given(indexes, indexes)
def test_what_one_of_them_does_already_is_no_merge(first: Index, second: Index) -> None:
    made = merge(first, second, WIDE)
    assert made is None or not (covers(first, made) or covers(second, made))


@given(indexes)
def test_an_index_merged_with_itself_is_nothing_new(one: Index) -> None:
    assert merge(one, one, WIDE) is None


@given(asked, st.randoms())
def test_the_order_of_the_parents_does_not_show(found: dict[Index, frozenset[str]], chance: object) -> None:
    calls = {"s1": 5.0, "s2": 2.0, "s3": 2.0, "s4": 1.0}
    turned = dict(reversed(found.items()))
    shuffled = dict(sorted(found.items(), key=lambda item: chance.random()))  # type: ignore[attr-defined]
    made = merges(found, calls, WIDE, everything_fits)
    assert list(made.items()) == list(merges(turned, calls, WIDE, everything_fits).items())
    assert list(made.items()) == list(merges(shuffled, calls, WIDE, everything_fits).items())


@given(asked)
def test_nothing_is_made_that_somebody_asked_for(found: dict[Index, frozenset[str]]) -> None:
    made = merges(found, {}, WIDE, everything_fits)
    assert not {canonical(each) for each in made} & {canonical(each) for each in found}
    assert all(len(statements) > 1 for statements in made.values())


@given(asked)
def test_what_does_not_fit_is_not_made(found: dict[Index, frozenset[str]]) -> None:
    assert merges(found, {}, WIDE, lambda made: False) == {}
    narrow = merges(found, {}, WIDE, lambda made: len(made.keys) < 3)
    assert all(len(made.keys) < 3 for made in narrow)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (index("t", "a, b"), index("t", "a, c"), index("t", "a, b, c")),
        (index("t", "a, c"), index("t", "a, b"), index("t", "a, c, b")),
        (index("t", "a", include=["x"]), index("t", "a", include=["y"]), index("t", "a", include=["x", "y"])),
        (index("t", "a"), index("t", "b, a"), index("t", "a, b")),
        (index("t", "a"), index("t", "b, a DESC"), index("t", "a, b")),
        (index("t", "a, c"), index("t", "b, a", include=["d"]), index("t", "a, c, b", include=["d"])),
        (index("t", "a, b"), index("t", "a", include=["c"]), index("t", "a, b", include=["c"])),
        (index("t", "a, b DESC"), index("t", "a DESC, c"), index("t", "a, b DESC, c DESC NULLS FIRST")),
        (
            index("t", "a, b", where="x > 1"),
            index("t", "a, c", where="(x > 1)"),
            index("t", "a, b, c", where="x > 1"),
        ),
    ],
)
def test_two_indexes_become_one(first: Index, second: Index, expected: Index) -> None:
    made = merge(first, second, WIDE)
    assert made is not None
    assert canonical(made) == canonical(expected)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (index("t", "a"), index("t", "b")),
        (index("t", "a, b"), index("t", "a")),
        (index("t", "a"), index("t", "a, b")),
        (index("t", "a", include=["b"]), index("t", "a, b")),
        (index("t", "a", include=["b"]), index("t", "a, b, c")),
        (index("t", "a, b"), index("u", "a, c")),
        (index("t", "a, b"), index("t", "a, c", where="x > 1")),
        (index("t", "a, b"), index("t", "a varchar_pattern_ops, c")),
        (index("t", "a"), index("t", "a", method="hash")),
        (index("t", "a", method="brin"), index("t", "a, b", method="brin")),
        (index("t", "a, b, c"), index("t", "a, d, e")),
        (index("t", "a", include=["b", "c"]), index("t", "a", include=["d", "e"])),
        (index("t", "a", unique=True), index("t", "a, b", unique=True)),
    ],
)
def test_two_indexes_stay_two(first: Index, second: Index) -> None:
    assert merge(first, second, WIDE) is None


def test_a_merged_candidate_serves_the_statements_of_both_parents() -> None:
    found = ask(
        statement("SELECT * FROM visits WHERE shop_id = $1 AND total > $2", id="one"),
        statement("SELECT * FROM visits WHERE shop_id = $1 AND updated_at > $2", id="other"),
    )
    made = {each.index.text: each for each in found.candidates if each.rule == "merging"}
    assert sorted(made) == [
        "public.visits (shop_id, total, updated_at)",
        "public.visits (shop_id, updated_at, total)",
    ]
    assert {(each.statements, each.stage) for each in made.values()} == {(("one", "other"), 2)}
    assert set(made) <= {each.text for each in found.relevant_to("one")} & {
        each.text for each in found.relevant_to("other")
    }


def test_one_index_covers_what_several_statements_read_by_the_same_key() -> None:
    found = ask(
        "SELECT sum(total) FROM visits WHERE shop_id = $1",
        "SELECT avg(state) FROM visits WHERE shop_id = $1",
        "SELECT user_id FROM visits WHERE shop_id = $1",
    )
    widest = max(found.candidates, key=lambda each: len(each.index.include))
    assert widest.index.text == "public.visits (shop_id) INCLUDE (state, total, user_id)"
    assert widest.statements == ("s1", "s2", "s3")


@pytest.mark.parametrize(
    "statements",
    [
        ("SELECT * FROM visits WHERE shop_id = $1 AND total > $2",),
        ("SELECT * FROM visits WHERE shop_id = $1", "SELECT * FROM visits WHERE total = $1"),
        ("SELECT * FROM visits WHERE shop_id = $1", "SELECT * FROM visits WHERE shop_id = $1 AND total > $2"),
        ("SELECT * FROM ledger WHERE account = $1", "SELECT amount FROM ledger WHERE account = $1"),
    ],
)
def test_nothing_is_merged_for_nothing(statements: tuple[str, ...]) -> None:
    assert not [each for each in ask(*statements).candidates if each.rule == "merging"]


def test_an_existing_index_that_does_the_work_of_a_merge_keeps_it_out() -> None:
    found = ask(
        "SELECT amount, reference FROM ledger WHERE account = $1",
        "SELECT booked_at, note FROM ledger WHERE account = $1 AND booked_at > $2",
    )
    texts = {each.index.text for each in found.candidates}
    assert "public.ledger (account, booked_at) INCLUDE (amount)" not in texts


def test_the_number_of_merges_is_bounded() -> None:
    many = {index("t", f"a, c{number}"): frozenset({f"s{number}"}) for number in range(50)}
    assert len(merges(many, {}, WIDE, everything_fits)) <= PARENTS * (PARENTS - 1 + GUESTS)
    lots = {
        index("t", f"a{group}, c{number}"): frozenset({f"s{group}.{number}"})
        for group in range(200)
        for number in range(6)
    }
    assert len(merges(lots, {}, WIDE, everything_fits)) == max(ALWAYS, int(SHARE * len(lots)))


def test_the_busiest_statements_are_merged_first() -> None:
    lots = {
        index("t", f"a{group}, c{number}"): frozenset({f"s{group}.{number}"})
        for group in range(200)
        for number in range(3)
    }
    calls = {"s77.0": 1000.0, "s77.1": 900.0}
    made = merges(lots, calls, WIDE, everything_fits)
    assert next(iter(made)).columns == ("a77", "c0", "c1")


def test_a_column_of_few_values_may_follow_a_column_it_has_nothing_to_do_with() -> None:
    found = ask("SELECT * FROM visits WHERE total = $1", "SELECT * FROM visits WHERE state = $1")
    merged = {each.index.text.removeprefix("public.") for each in found.candidates if each.rule == "merging"}
    assert merged == {"visits (total, state)"}
