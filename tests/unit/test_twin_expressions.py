"""Statistics of an expression come from what it gives for its columns' values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.model import Column, ColumnStatistics, Table
from indexical.twin.arrays import array, elements
from indexical.twin.derived import Result, statistics_of
from indexical.twin.expressions import columns_in
from indexical.twin.points import Point, Points, joint, of_column, weighed

ROWS = 100_000.0


def known(type: str, bounds: list[str], **details: object) -> Column:
    statistics = ColumnStatistics(
        **{"distinct": -1.0, "average_width": 8, "histogram": array(bounds), **details}  # type: ignore[arg-type]
    )
    return Column("c", type, statistics=statistics)


def texts(count: int = 101) -> Points:
    found = of_column(known("text", [f"{n:03}" for n in range(count)]), ROWS)
    assert found is not None
    return found


def results(points: Points, values: list[str | None]) -> list[Result]:
    order = {value: place for place, value in enumerate(sorted({v for v in values if v is not None}), 1)}
    places = {each: place for place, each in enumerate(sorted({p.values[0] or "" for p in points.points}), 1)}
    return [
        Result(value, 8.0, order.get(value, 0) if value is not None else 0, places[point.values[0] or ""])
        for point, value in zip(points.points, values, strict=True)
    ]


def given_by(points: Points, values: list[str | None]) -> ColumnStatistics:
    return statistics_of(points, results(points, values), ROWS)


def test_points_weigh_as_much_as_the_rows_that_they_stand_for() -> None:
    column = known(
        "integer", ["1", "50", "100"], common_values="{7,8}", common_frequencies=(0.3, 0.2), null_fraction=0.1
    )
    found = of_column(column, ROWS)
    assert found is not None
    assert sum(point.weight for point in found.points) == pytest.approx(1.0)
    assert [point.weight for point in found.points if point.common] == [0.3, 0.2, 0.1]
    assert found.points[-1] == Point((None,), 0.1, common=True)


@pytest.mark.parametrize(
    ("type", "low", "high", "inside"),
    [
        ("integer", "0", "1000", "250"),
        ("numeric(10,2)", "0.00", "10.00", "2.50"),
        ("date", "2024-01-01", "2024-12-30", "2024-04-01"),
        ("timestamp with time zone", "2024-01-01 00:00:00+00", "2024-01-05 00:00:00+00", "2024-01-02 00:00:00.000000+00"),
    ],
)  # fmt: skip
def test_numbers_and_times_have_points_between_the_bounds(
    type: str, low: str, high: str, inside: str
) -> None:
    found = of_column(known(type, [low, high]), ROWS)
    assert found is not None
    values = [point.values[0] or "" for point in found.points]
    assert len(values) == 2000
    assert min(values, key=lambda value: abs(values.index(value) - 500)).startswith(inside[:3])
    assert found.spacing == 0.0


def test_nothing_is_put_between_bounds_that_are_all_there_is() -> None:
    found = of_column(known("integer", ["10", "20", "30"], distinct=3.0), ROWS)
    assert found is not None
    assert [point.values[0] for point in found.points] == ["10", "20", "30"]


@pytest.mark.parametrize("bounds", [["-infinity", "2024-01-01"], ["0044-03-15 BC", "2024-01-01"]])
def test_times_that_only_postgresql_can_read_are_taken_as_they_are(bounds: list[str]) -> None:
    found = of_column(known("date", bounds), ROWS)
    assert found is not None
    assert [point.values[0] for point in found.points] == bounds


def test_a_column_without_values_stands_for_nothing() -> None:
    assert of_column(Column("c", "text", statistics=ColumnStatistics(distinct=5.0)), ROWS) is None
    assert of_column(Column("c", "text"), ROWS) is None


def test_what_changes_every_value_into_another_keeps_their_number_and_their_histogram() -> None:
    points = texts()
    found = given_by(points, [f"x{point.values[0]}" for point in points.points])
    assert found.distinct == -1.0
    assert found.common_values == ""
    assert elements(found.histogram) == [f"x{n:03}" for n in range(101)]


def test_an_expression_of_few_values_is_seen_to_have_few() -> None:
    points = texts()
    found = given_by(points, [str(n % 3) for n in range(101)])
    assert found.distinct == 3
    assert sorted(elements(found.common_values)) == ["0", "1", "2"]
    assert sum(found.common_frequencies) == pytest.approx(1.0)
    assert found.histogram == ""


def test_equal_results_of_common_values_add_up() -> None:
    column = Column(
        "c",
        "text",
        statistics=ColumnStatistics(
            distinct=3.0, common_values="{a,A,b}", common_frequencies=(0.5, 0.3, 0.2), average_width=2
        ),
    )
    points = of_column(column, ROWS)
    assert points is not None
    found = given_by(points, ["a", "a", "b"])
    assert dict(zip(elements(found.common_values), found.common_frequencies, strict=True)) == pytest.approx(
        {"a": 0.8, "b": 0.2}
    )


def test_null_gives_what_the_expression_makes_of_it() -> None:
    points = of_column(known("text", ["a", "b", "c"], null_fraction=0.4), ROWS)
    assert points is not None
    assert given_by(points, ["a", "b", "c", None]).null_fraction == pytest.approx(0.4)
    filled = given_by(points, ["a", "b", "c", "none"])
    assert filled.null_fraction == 0.0
    assert elements(filled.common_values)[0] == "none"


def test_an_expression_that_gives_nothing_but_null_has_no_values() -> None:
    points = texts()
    assert given_by(points, [None] * 101).null_fraction == 1.0


def test_shares_that_differ_by_chance_alone_are_taken_as_equal() -> None:
    points = texts()
    found = given_by(points, [f"{n // 4 * 1000}" for n in range(101)])
    assert max(found.common_frequencies) == pytest.approx(min(found.common_frequencies), rel=0.2)


def test_a_rising_expression_keeps_the_order_of_the_rows_and_a_falling_one_turns_it() -> None:
    points = of_column(known("text", [f"{n:03}" for n in range(101)], correlation=1.0), ROWS)
    assert points is not None
    rising = given_by(points, [f"{n:03}" for n in range(101)]).correlation
    falling = given_by(points, [f"{200 - n:03}" for n in range(101)]).correlation
    mixed = given_by(points, [f"{n * 37 % 101:03}" for n in range(101)]).correlation
    assert rising == pytest.approx(1.0, abs=0.02)
    assert falling == pytest.approx(-1.0, abs=0.05)
    assert mixed == pytest.approx(0.0, abs=0.2)


def test_points_that_an_expression_does_not_take_leave_their_share_to_the_others() -> None:
    points = weighed(texts(), [n != 5 for n in range(101)])
    assert len(points.points) == 100
    assert sum(point.weight for point in points.points) == pytest.approx(1.0)


def test_several_columns_are_combined_as_if_they_were_independent() -> None:
    parts = [of_column(known("integer", [str(n) for n in range(0, 1001, 10)]), ROWS) for _ in range(2)]
    found = joint([part for part in parts if part is not None], ROWS)
    both = [(float(point.values[0] or 0), float(point.values[1] or 0)) for point in found.points]
    mean = sum(a * b for a, b in both) / len(both)
    assert mean == pytest.approx(500 * 500, rel=0.02)
    assert found.distinct == ROWS


def test_columns_are_told_from_words_in_quotes_and_parts_of_other_names() -> None:
    table = Table("public", "t", tuple(Column(name, "text") for name in ("id", "name", "Odd", "first_name")))
    assert [c.name for c in columns_in("upper(first_name) || 'name' || \"Odd\"", table)] == [
        "Odd",
        "first_name",
    ]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), min_size=2, max_size=60),
    st.floats(min_value=0.0, max_value=0.9),
)
def test_whatever_comes_out_is_a_distribution(given_values: list[tuple[str, bool]], nulls: float) -> None:
    column = known("text", [f"{n:03}" for n in range(len(given_values))], null_fraction=nulls)
    points = of_column(column, ROWS)
    assert points is not None
    values: list[str | None] = [value if there else None for value, there in given_values]
    found = given_by(points, values + [None] * (len(points.points) - len(values)))
    assert 0.0 <= found.null_fraction <= 1.0
    assert sum(found.common_frequencies) <= 1.0 - found.null_fraction + 1e-6
    assert len(elements(found.common_values)) == len(found.common_frequencies)
    assert -1.0 <= (found.correlation or 0.0) <= 1.0
    assert found.distinct == -1.0 or found.distinct >= -1.0
