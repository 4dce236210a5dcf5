"""Rules that no set may break, whatever the figures: no index that another one repeats, and a price on ending HOT."""

from __future__ import annotations

from dataclasses import replace

from indexical.selection import select
from indexical.testing import index
from tests.unit.fakes_selection import indexes, open_limits, world

NONE: frozenset = frozenset()
A, B, C, D = indexes(4)
STATUS = index("t", "a")
STATUS_CREATED = index("t", "a, b")


def only(*members):
    return frozenset(members)


def chosen(made, **limits):
    return [candidate.index for candidate in select(*made, open_limits(**limits)).chosen]


def test_a_left_prefix_is_not_chosen_beside_the_longer_index():
    made = world(
        {
            "count": {NONE: 100.0, only(STATUS): 10.0, only(STATUS_CREATED): 12.0},
            "list": {NONE: 100.0, only(STATUS_CREATED): 1.0},
        }
    )
    assert chosen(made) == [STATUS_CREATED]


def test_the_shorter_one_is_chosen_when_it_serves_as_well_for_less():
    made = world(
        {"count": {NONE: 100.0, only(STATUS): 10.0, only(STATUS_CREATED): 12.0}},
        maintenance={STATUS_CREATED: 5.0, STATUS: 1.0},
    )
    assert chosen(made) == [STATUS]


def test_a_partial_index_is_no_repetition_of_the_plain_one():
    partial = replace(STATUS, predicate="a = 1")
    made = world({"one": {NONE: 100.0, only(partial): 1.0}, "all": {NONE: 100.0, only(STATUS): 1.0}})
    assert sorted(chosen(made)) == sorted([STATUS, partial])


def ending_hot(saved: float):
    group = ("t (b)", 3.0, 4.0, ("b",))
    return world(
        {"hot": {NONE: 100.0, only(A): 100.0 - saved}, "big": {NONE: 900.0, only(B): 100.0}},
        hot={A: (group,)},
    )


def test_heap_only_updates_are_kept_when_the_reads_gain_little():
    result = select(*ending_hot(8.0), open_limits(min_hot_benefit=0.01))
    assert [candidate.index for candidate in result.chosen] == [B]
    (refusal,) = [refusal for refusal in result.refused if refusal.reason == "keeps-hot"]
    assert refusal.subject == A.text
    assert "would save 8.0" in refusal.detail
    assert "4.0 in lost heap-only updates" in refusal.detail


def test_heap_only_updates_are_given_up_when_the_reads_pay_for_it():
    result = select(*ending_hot(50.0), open_limits(min_hot_benefit=0.01))
    assert [candidate.index for candidate in result.chosen] == [A, B]


def test_the_price_of_ending_heap_only_updates_does_not_move_the_bound():
    result = select(*ending_hot(8.0), open_limits(min_hot_benefit=0.01))
    assert result.bound <= 1000.0 - 8.0 - 800.0 + 4.0 + 1e-6
