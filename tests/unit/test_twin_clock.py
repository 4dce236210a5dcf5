"""Words for the current time become functions of the stopped clock; what only looks like one stays."""

from __future__ import annotations

import pytest

from indexical.model import Statement
from indexical.twin.clock import stopped


def _sql(text: str) -> str:
    return stopped(Statement(id="s", sql=text)).sql


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SELECT current_date", "SELECT indexical_clock.today()"),
        ("SELECT CURRENT_TIMESTAMP - $1", "SELECT indexical_clock.now() - $1"),
        ("SELECT(localtimestamp)", "SELECT(indexical_clock.local_now())"),
        ("SELECT $$x$$, current_date", "SELECT $$x$$, indexical_clock.today()"),
        ("SELECT /* a /* b */ */ current_date", "SELECT /* a /* b */ */ indexical_clock.today()"),
    ],
)
def test_words_for_the_time_are_replaced(before: str, after: str) -> None:
    assert _sql(before) == after


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT now()",
        "SELECT 'current_date'",
        "SELECT E'\\'current_date'",
        "SELECT 'it''s current_date'",
        'SELECT "current_date" FROM t',
        "SELECT t.current_date FROM t",
        "SELECT 1 AS current_date",
        "SELECT 1 -- current_date",
        "SELECT /* /* */ current_date */ 1",
        "SELECT $a$ current_date $$ $a$",
        "SELECT $$ current_date",
        "SELECT current_timestamp(3)",
        "SELECT current_dates, my_current_date FROM t",
        "SELECT 'open current_date",
        "SELECT /* open current_date",
    ],
)
def test_everything_else_stays_to_the_letter(sql: str) -> None:
    assert _sql(sql) == sql


def test_a_statement_without_the_time_is_the_same_object() -> None:
    statement = Statement(id="s", sql="SELECT 1")
    assert stopped(statement) is statement
