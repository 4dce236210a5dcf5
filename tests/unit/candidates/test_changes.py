"""What updates change, and about how many rows a statement reads: the two reasons not to cover it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.candidates.analysis import analyse
from indexical.candidates.changes import changes
from indexical.candidates.facts import StatementFacts
from indexical.candidates.gathering import FEW_ROWS
from indexical.candidates.rarity import found_rows
from indexical.model import Statement
from indexical.testing import statement
from tests.unit.candidates.shop import shop

SAVED = 'UPDATE "visits" SET "total" = $1, "page" = $2 WHERE "id" = $3'


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (statement(SAVED, calls=7), {("visits", "total"): 7.0, ("visits", "page"): 7.0}),
        (
            replace(statement(SAVED, calls=10), changed_columns=(("page", 0.0), ("total", 0.5))),
            {("visits", "total"): 5.0, ("visits", "page"): 0.0},
        ),
        (
            replace(statement(SAVED, calls=2), rows=30.0),
            {("visits", "total"): 60.0, ("visits", "page"): 60.0},
        ),
        (
            statement(
                "INSERT INTO visits (id, total) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET total = $2"
            ),
            {("visits", "total"): 1.0},
        ),
        (statement("UPDATE visits v SET total = total + 1, page = page"), {("visits", "total"): 1.0}),
    ],
)
def test_what_an_update_changes_counts_by_rows(
    made: Statement, expected: dict[tuple[str, str], float]
) -> None:
    assert changes([made]) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM visits",
        "INSERT INTO visits (id) VALUES ($1)",
        "INSERT INTO visits (id) VALUES ($1) ON CONFLICT DO NOTHING",
        "DELETE FROM visits WHERE id = $1",
        "UPDATE visits SET total = total",
        "UPDATE SET WHERE",
    ],
)
def test_what_is_no_update_changes_nothing(sql: str) -> None:
    assert changes([statement(sql)]) == {}


def rows(sql: str) -> float:
    return found_rows(StatementFacts(statement(sql), analyse(sql, shop()).tables))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT total FROM visits WHERE shop_id = $1",
        "SELECT total FROM visits WHERE updated_at > $1",
        "SELECT total FROM visits",
        "SELECT v.total FROM users u JOIN visits v ON v.user_id = u.id WHERE u.id = $1",
        "SELECT total FROM visits WHERE shop_id IN ($1, $2)",
    ],
)
def test_many_rows_are_worth_covering(sql: str) -> None:
    assert rows(sql) >= FEW_ROWS


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT total FROM visits WHERE id = $1",
        "SELECT total FROM visits WHERE token = $1 AND shop_id = $2",
        "SELECT total FROM visits WHERE shop_id = $1 ORDER BY updated_at LIMIT 10",
        "SELECT max(total) FROM visits WHERE shop_id = $1",
        "SELECT u.city FROM visits v JOIN users u ON u.id = v.user_id WHERE v.token = $1",
    ],
)
def test_few_rows_are_not(sql: str) -> None:
    assert rows(sql) < FEW_ROWS
