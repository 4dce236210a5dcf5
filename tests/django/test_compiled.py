"""One canonical form of SQL: equal indexes come out equal, others never do."""

from __future__ import annotations

import pytest

from indexical.django.compiled import canonical_predicate, read_index, same


def index(rest: str) -> str:
    return f'CREATE INDEX a ON "t" {rest}'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(x) WHERE a AND (b OR c)", "(x) WHERE (a AND b) OR c"),
        ("(x) WHERE NOT (a OR b)", "(x) WHERE NOT a OR b"),
        ("(x) WHERE NOT (a AND b)", "(x) WHERE NOT a AND b"),
        ("(((x + y) * 2))", "((x + y * 2))"),
        ("(((x - (y - 2))))", "((x - y - 2))"),
        ("((-(x + y)))", "((-x + y))"),
        ("(x) WHERE (a = b) IS NULL", "(x) WHERE a = (b IS NULL)"),
    ],
)
def test_parentheses_that_change_the_meaning_tell_indexes_apart(one: str, other: str) -> None:
    assert not same(read_index(index(one))[1], read_index(index(other))[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(x) WHERE (a) AND ((b OR c))", "(x) WHERE (b OR c) AND a"),
        ("(x) WHERE (a AND (b = 1)) AND c", "(x) WHERE c AND (b = 1 AND a)"),
        ("(x) WHERE (NOT (a))", "(x) WHERE NOT a"),
        ("(x) WHERE ((a IS NOT NULL))", "(x) WHERE NOT (a IS NULL)"),
        ("((x + y) )", "(((x) + (y)))"),
    ],
)
def test_parentheses_that_change_nothing_do_not_tell_them_apart(one: str, other: str) -> None:
    assert same(read_index(index(one))[1], read_index(index(other))[1])


@pytest.mark.parametrize(
    "predicate", ["a AND (b OR c)", "NOT (a OR b)", "(a + b) * c > 5 AND d", "(a OR b) AND (c OR d)"]
)
def test_the_canonical_form_is_its_own(predicate: str) -> None:
    text = canonical_predicate(predicate)
    assert canonical_predicate(text) == text
