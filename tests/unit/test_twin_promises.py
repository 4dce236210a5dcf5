"""What constraints promise about distinct values, and what sizes make of it."""

from __future__ import annotations

import math
from dataclasses import replace

from indexical.model import ColumnStatistics, ForeignKey, Table
from indexical.testing import common, table
from indexical.twin.promises import least_distinct, most_combinations
from indexical.twin.sizes import Attribute, Shape, btree

LINES = table(
    "public.lines",
    "order_id bigint not null, number integer not null, part_id bigint not null, supplier_id bigint not null",
    rows=6_000_000,
    indexes=["lines_pkey: primary order_id, number"],
    statistics={
        "order_id": ColumnStatistics(distinct=400_000.0, average_width=8),
        "number": common({"1": 0.25, "2": 0.2, "3": 0.15, "4": 0.15, "5": 0.1, "6": 0.1, "7": 0.05}),
    },
)


def test_each_order_has_at_most_one_first_line_so_there_are_as_many_orders_as_first_lines() -> None:
    assert least_distinct(LINES, "order_id") == 1_500_000


def test_a_column_that_is_unique_alone_has_a_value_for_every_row() -> None:
    made = table("public.t", "id bigint not null", rows=5000, indexes=["t_pkey: primary id"])
    assert least_distinct(made, "id") == 5000


def test_nothing_is_promised_without_a_unique_index_of_at_most_two_columns() -> None:
    assert least_distinct(LINES, "part_id") == 0
    wide = table("public.t", "a bigint, b bigint, c bigint", rows=5000, indexes=["t_key: unique a, b, c"])
    assert least_distinct(wide, "a") == 0


def test_nothing_is_promised_where_the_other_column_may_be_null() -> None:
    made = table(
        "public.t",
        "a bigint, b bigint",
        rows=5000,
        indexes=["t_key: unique a, b"],
        statistics={"b": ColumnStatistics(null_fraction=0.5, distinct=2.0)},
    )
    assert least_distinct(made, "a") == 0


def _referring() -> tuple[Table, dict[tuple[str, str], Table]]:
    key = ForeignKey(
        "lines_part", ("part_id", "supplier_id"), "public", "supplies", ("part_id", "supplier_id")
    )
    target = table("public.supplies", "part_id bigint, supplier_id bigint", rows=800_000)
    return replace(LINES, foreign_keys=(key,)), {("public", "supplies"): target}


def test_columns_of_a_foreign_key_have_no_more_combinations_than_the_table_they_refer_to_has_rows() -> None:
    lines, tables = _referring()
    assert most_combinations(lines, ("supplier_id", "part_id"), tables) == 800_000


def test_other_columns_have_any_number_of_combinations() -> None:
    lines, tables = _referring()
    assert most_combinations(lines, ("part_id", "number"), tables) == math.inf
    assert most_combinations(lines, ("part_id",), tables) == math.inf


def test_fewer_combinations_make_a_smaller_index() -> None:
    keys = tuple(Attribute(8, "d", ColumnStatistics(distinct=200_000.0, average_width=8)) for _ in range(2))
    free = Shape(keys, 2, 6_000_000, 200_000, False, True)
    bound = Shape(keys, 2, 6_000_000, 200_000, False, True, most=800_000)
    assert btree(bound).pages < 0.6 * btree(free).pages
