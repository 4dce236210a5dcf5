"""One thing said differently, everything else as it was."""

from __future__ import annotations

import pytest

from indexical.diagnose import rewriting


def test_a_condition_is_added_where_the_table_is_read_and_under_its_alias() -> None:
    sql = "SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.total > 5"
    assert rewriting.with_condition(sql, "orders", "status = 'PAID'") == (
        "SELECT o.id FROM orders AS o JOIN users AS u ON u.id = o.user_id WHERE o.total > 5 AND o.status = 'PAID'"
    )
    assert rewriting.with_condition(sql, "plans", "status = 'PAID'") == ""


def test_a_condition_reaches_into_a_subquery() -> None:
    sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM orders WHERE total > 5)"
    assert "total > 5 AND orders.paid" in rewriting.with_condition(sql, "orders", "paid")


def test_the_value_is_cast_and_not_the_column() -> None:
    found = rewriting.with_value_cast(
        "SELECT * FROM t WHERE id = 5.0 AND 7::numeric < id AND a = 5.0", "id", "bigint"
    )
    assert found == "SELECT * FROM t WHERE id = CAST(5.0 AS BIGINT) AND CAST(7 AS BIGINT) < id AND a = 5.0"


@pytest.mark.parametrize(
    "day", ["at::date = '2026-01-05'", "date(at) = '2026-01-05'", "CAST(at AS date) = DATE '2026-01-05'"]
)
def test_a_day_becomes_a_range(day: str) -> None:
    found = rewriting.with_day_range(f"SELECT * FROM t WHERE {day}", "at")
    assert "at >= CAST('2026-01-05' AS DATE) AND at < CAST('2026-01-05' AS DATE) + 1" in found


def test_a_day_in_a_time_zone_becomes_a_range_of_moments() -> None:
    found = rewriting.with_day_range(
        "SELECT * FROM t WHERE (at AT TIME ZONE 'UTC')::date = '2026-01-05'", "at"
    )
    assert "at >= CAST((CAST('2026-01-05' AS DATE)) AS TIMESTAMP) AT TIME ZONE 'UTC'" in found
    assert "::date" not in found.lower()


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM t WHERE at = '2026-01-05'", "SELECT * FROM t WHERE at::date > '2026-01-05'", "SELEC"],
)
def test_what_is_no_day_stays(sql: str) -> None:
    assert rewriting.with_day_range(sql, "at") == ""


def test_a_pattern_loses_the_wildcards_in_front() -> None:
    assert (
        rewriting.with_plain_pattern("SELECT * FROM t WHERE e LIKE '%_x%y'", "e")
        == "SELECT * FROM t WHERE e LIKE 'x%y'"
    )
    assert rewriting.with_plain_pattern("SELECT * FROM t WHERE e LIKE 'x%'", "e") == ""
    assert rewriting.with_plain_pattern("SELECT * FROM t WHERE e LIKE '%'", "e") == ""


def test_limit_and_offset_are_left_out() -> None:
    sql = "SELECT * FROM t ORDER BY a LIMIT 5 OFFSET 2000"
    assert rewriting.without_limit(sql) == "SELECT * FROM t ORDER BY a OFFSET 2000"
    assert rewriting.offset_of(sql) == 2000
    assert rewriting.offset_of("SELECT * FROM t LIMIT 5 OFFSET $1") == 0
    assert rewriting.without_offset("SELECT 1") == ""


def test_another_value_takes_the_place_of_the_constant() -> None:
    assert rewriting.with_equal_value("SELECT * FROM t WHERE k = 'paid' AND b = 3", "k", "it's") == (
        "SELECT * FROM t WHERE k = 'it''s' AND b = 3"
    )
    assert rewriting.with_equal_value("SELECT * FROM t WHERE k = $1", "k", "x") == ""


@pytest.mark.parametrize(
    "sql", ["x" * 200_000, "SELECT " + "(" * 5000, "DROP TABLE t", "", "SELECT 1; SELECT 2", "\x00"]
)
def test_what_cannot_be_read_is_left_alone(sql: str) -> None:
    assert rewriting.without_limit(sql) == ""
    assert not rewriting.has_cast(sql, "a")
    assert not rewriting.reads_everything(sql)
