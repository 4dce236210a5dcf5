"""Statistics from a sample are those that ANALYZE would make of it."""

from __future__ import annotations

import pytest

from indexical.diagnose.probing import statistics
from indexical.twin.arrays import elements


def test_values_that_differ_in_every_row_are_a_share_of_the_rows() -> None:
    made = statistics([(str(n), 1, 4) for n in range(1000)], 50_000, 0.5)
    assert made is not None
    assert made.distinct == -1.0
    assert made.common_values == ""
    bounds = elements(made.histogram)
    assert (bounds[0], bounds[-1], len(bounds)) == ("0", "999", 101)
    assert made.correlation == 0.5


def test_few_values_are_all_listed_with_their_shares() -> None:
    made = statistics([("open", 100, 5), ("paid", 890, 5), (None, 10, 0)], 1000, None)
    assert made is not None
    assert elements(made.common_values) == ["paid", "open"]
    assert made.common_frequencies == (0.89, 0.1)
    assert made.null_fraction == pytest.approx(0.01)
    assert made.distinct == 2
    assert made.histogram == ""
    assert made.average_width == 5


def test_distinct_values_of_a_part_are_estimated_for_the_whole() -> None:
    # Haas and Stokes: n*d / (n - f1 + f1*n/N) with n 1000, d 600, f1 300, N 100000.
    values = [(str(n), 1, 4) for n in range(300)] + [(f"x{n}", 7 / 3, 4) for n in range(300)]
    made = statistics(
        [
            (text, int(times) if times == 1 else (3 if n % 3 else 1), 4)
            for n, (text, times, _) in enumerate(values)
        ],
        100_000,
        None,
    )
    assert made is not None
    assert 600 < made.distinct < 100_000


def test_text_that_needs_quotes_survives() -> None:
    hard = 'a"b\\c,{d}'
    made = statistics([(hard, 5, 9), ("NULL", 5, 4), ("", 5, 0)], 15, None)
    assert made is not None
    assert sorted(elements(made.common_values)) == sorted([hard, "NULL", ""])


def test_nothing_but_nulls_and_nothing_at_all() -> None:
    made = statistics([(None, 7, 0)], 7, None)
    assert made is not None
    assert (made.null_fraction, made.distinct, made.common_values) == (1.0, 0.0, "")
    assert statistics([], 0, None) is None
