"""Parentheses around expressions: taken off when they enclose all of it, and never otherwise."""

from __future__ import annotations

import pytest

from indexical.pg.indexes import without_outer_parentheses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a > 1)", "a > 1"),
        ("((a > 1))", "a > 1"),
        ("(a) AND (b)", "(a) AND (b)"),
        ("((a) AND (b))", "(a) AND (b)"),
        ("lower(a)", "lower(a)"),
        ("(x = ')')", "x = ')'"),
        ("(x = '(') OR (y)", "(x = '(') OR (y)"),
        ("(x = E'\\')(' )", "x = E'\\')('"),
        ("(\"od)d\" = 'it''s)')", "\"od)d\" = 'it''s)'"),
        ("", ""),
        ("(", "("),
    ],
)
def test_only_parentheses_around_everything_go(text: str, expected: str) -> None:
    assert without_outer_parentheses(text) == expected
