"""The reliability plan is kept: every row has a test, or a reason why there is none, and the page tells what was seen."""

from __future__ import annotations

import pytest

from tests.faults.plan import NOT_TESTED, ROWS
from tests.faults.results import Result
from tests.faults.table import cell, collected, guard, outcomes, put, table, without_tests


def result(
    outcome: str, *, row: int = 1, major: int = 18, shows: bool = False, test: str = "t", detail: str = ""
) -> Result:
    return Result(test, row, "what", major, shows, outcome, detail)


def test_the_plan_has_all_its_rows():
    assert list(ROWS) == list(range(1, 69))
    assert set(NOT_TESTED) <= set(ROWS)


def test_every_row_is_named_by_a_test_or_has_a_reason():
    assert without_tests(collected()) == ()


def test_a_row_without_a_test_is_seen():
    tests = [result("not run", row=row) for row in ROWS if row not in (7, 68)]
    guards_only = [result("not run", row=7, shows=True)]
    assert without_tests([*tests, *guards_only]) == tuple(row for row in (7, 68) if row not in NOT_TESTED)


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([], "no test"),
        (["passed", "passed"], "holds"),
        (["passed", "failed"], "**fails** (1 of 2)"),
        (["failed", "not run"], "**fails** (1 of 2)"),
        (["passed", "not run"], "not run"),
        (["passed", "skipped"], "holds (1 of 2 not proven)"),
        (["skipped"], "not proven: no mounts"),
    ],
)
def test_a_row_holds_only_when_all_of_its_tests_passed(states, told):
    tests = [result(state, test=str(number), detail="no mounts") for number, state in enumerate(states)]
    assert cell(tests, 18) == told
    assert cell(tests, 15) == "no test"


def test_a_guard_is_shown_only_when_all_of_its_tests_passed():
    assert guard([result("passed")]) == "no"
    assert guard([result("passed", shows=True)]) == "yes"
    assert guard([result("passed", shows=True), result("failed", shows=True, major=15)]) == "no"


def test_the_last_result_of_a_test_counts_and_only_of_tests_that_are_there():
    seen = [result("failed", test="gone"), result("passed", test="here")]
    assert [
        each.outcome
        for each in outcomes([result("not run", test="here"), result("not run", test="new")], seen)
    ] == [
        "passed",
        "not run",
    ]


def test_the_table_counts_what_holds_and_replaces_only_itself():
    text = table([result("passed", major=0)])
    assert "1 of 68 on PostgreSQL 15, 1 of 68 on PostgreSQL 18" in text
    marks = "<!-- rows: written by python -m tests.faults.table -->", "<!-- end of rows -->"
    page = f"before\n{marks[0]}\nold\n{marks[1]}\nafter\n"
    assert put(page, "new") == f"before\n{marks[0]}\n\nnew\n\n{marks[1]}\nafter\n"
    with pytest.raises(SystemExit):
        put("no marks", "new")
