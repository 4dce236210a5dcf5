"""The plan is kept: each row has tests, and they are there."""

from __future__ import annotations

from tests.security.plan import ROWS, SHOWN_BY
from tests.security.table import PAGE, ROOT, functions, marked, page, shown_by


def test_every_row_has_a_test():
    assert [row for row, tests in shown_by().items() if not tests] == []


def test_no_test_is_about_a_row_that_is_not_in_the_plan():
    assert set(marked()) - set(ROWS) == set()
    assert set(SHOWN_BY) - set(ROWS) == set()


def test_every_test_that_the_plan_names_is_there():
    for tests in SHOWN_BY.values():
        for test in tests:
            path, _, name = test.partition("::")
            assert name in {each.name for each in functions(ROOT / path)}, test


def test_the_page_shows_the_plan_as_it_is():
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text
