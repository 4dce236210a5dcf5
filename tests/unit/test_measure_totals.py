"""Figures and choices of a measurement, without a server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.measure.reads import choose
from indexical.measure.spread import percentile, weighted_mean, weighted_percentile
from indexical.measure.totals import common, p95_ms, total_ms
from indexical.model import Measurement, NotMeasured, Statement

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=50)


def measured(id, calls, median):
    return Measurement(id, calls, 7, median, median, median, 0, 0.0)


def test_the_total_is_calls_times_median_and_leaves_out_what_was_not_measured():
    assert total_ms([measured("a", 10, 2.0), measured("b", 1, 5.0), NotMeasured("c", "", "slow")]) == 25.0
    assert total_ms([]) == 0.0


def test_the_95th_percentile_counts_calls_and_not_statements():
    many, few = measured("a", 96, 1.0), measured("b", 4, 100.0)
    assert p95_ms([many, few]) == 1.0
    assert p95_ms([measured("a", 90, 1.0), measured("b", 10, 100.0)]) == 100.0
    assert p95_ms([]) == 0.0


def test_only_what_was_measured_everywhere_is_common():
    results = {
        "a": (measured("x", 1, 1), measured("y", 1, 1)),
        "b": (NotMeasured("x", "", "slow"), measured("y", 1, 2)),
    }
    assert {name: [each.id for each in found] for name, found in common(results).items()} == {
        "a": ["y"],
        "b": ["y"],
    }
    assert common({}) == {}


def test_nearest_rank():
    assert percentile(range(1, 101), 0.95) == 95
    assert percentile([3.0], 0.95) == 3.0
    assert percentile([], 0.5) == 0.0


@given(VALUES, st.floats(0.01, 1))
def test_equal_weights_are_no_weights(values, share):
    assert weighted_percentile([(value, 1.0) for value in values], share) == pytest.approx(
        percentile(values, share)
    )
    assert weighted_mean(values, [2.0] * len(values)) == pytest.approx(sum(values) / len(values))


@given(VALUES)
def test_a_weight_of_nothing_changes_nothing(values):
    assert weighted_percentile([(value, 1.0) for value in values] + [(1e9, 0.0)], 1.0) == max(values)


def test_equal_samples_are_chosen_evenly_over_what_was_captured():
    statement = Statement("a", "SELECT $1", samples=tuple((str(n),) for n in range(12)))
    assert [each.parameters for each in choose(statement, 4)] == [("0",), ("3",), ("6",), ("9",)]
    assert len(choose(statement, 20)) == 12


def test_the_weightiest_samples_are_chosen():
    samples = tuple((str(n),) for n in range(4))
    statement = Statement("a", "SELECT $1", samples=samples, sample_weights=(1.0, 5.0, 3.0, 1.0))
    assert [(each.parameters, each.weight) for each in choose(statement, 2)] == [(("1",), 5.0), (("2",), 3.0)]


def test_a_sample_with_a_value_left_out_is_not_run():
    samples = (("1", None), ("2", "x"), (None, "y"), ("3", "z"))
    statement = Statement("a", "SELECT $1, $2", samples=samples, sample_weights=(9.0, 1.0, 9.0, 2.0))
    assert [(each.parameters, each.weight) for each in choose(statement, 4)] == [
        (("3", "z"), 2.0),
        (("2", "x"), 1.0),
    ]


def test_a_statement_without_parameters_is_its_own_sample():
    assert [each.parameters for each in choose(Statement("a", "SELECT 1"), 6)] == [()]
