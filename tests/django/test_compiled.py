"""One canonical form of SQL: equal indexes come out equal, others never do."""

from __future__ import annotations

import pytest

from indexical.django.compiled import canonical_predicate, read_index, read_options, same


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('((x COLLATE "C"))', '(x COLLATE pg_catalog."C")'),
        ("(x gist_trgm_ops(siglen=32))", "(x public.gist_trgm_ops (siglen='32'))"),
        ("((data ->> 'k'))", "(((data ->> 'k'::text)))"),
        ("((data #>> '{a,b}'))", "((data #>> ARRAY['a'::text, 'b'::text]))"),
        (
            "(date_trunc('day', at AT TIME ZONE 'UTC'))",
            "(date_trunc('DAY'::text, (at AT TIME ZONE 'UTC'::text)))",
        ),
        ("((EXTRACT(month FROM at)))", "((EXTRACT(MONTH FROM (at))))"),
        ("(UPPER(name::text))", "(upper((name)::text))"),
        ("(upper((data ->> 'k')::text))", "(upper(data ->> 'k'))"),
        ("(x) WHERE a BETWEEN 1 AND 2", "(x) WHERE a <= 2 AND a >= 1"),
        (
            "(x) WHERE a NOT IN ('p', 'q')",
            "(x) WHERE (a)::text <> ALL ((ARRAY['p'::character varying, 'q'])::text[])",
        ),
        ("(x) WHERE (a AND b) OR c", "(x) WHERE c OR (b AND a)"),
        (
            "(x) WHERE t > '2024-01-01 02:00+02'::timestamptz",
            "(x) WHERE t > '2024-01-01 00:00:00+00'::timestamptz",
        ),
        ("(x) WHERE a LIKE E'b\\\\_%'", "(x) WHERE a LIKE 'b\\_%'"),
    ],
)
def test_one_structure_in_two_wordings_is_the_same(one: str, other: str) -> None:
    assert same(read_index(index(one))[1], read_index(index(other))[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("((x::text))", "(x)"),
        ('(x COLLATE "C")', "(x)"),
        ('(x COLLATE "C")', '(x COLLATE "POSIX")'),
        ("(x gist_trgm_ops(siglen=32))", "(x gist_trgm_ops(siglen=64))"),
        ("(x gist_trgm_ops(siglen=32))", "(x gist_trgm_ops)"),
        ("((data ->> 'k'))", "((data -> 'k'))"),
        ("((data -> '0'))", "((data -> 0))"),
        ("(date_trunc('day', at))", "(date_trunc('hour', at))"),
        ("((at::date))", "((at::time))"),
        ("(x) WHERE NOT (a = ANY (ARRAY[1, 2]))", "(x) WHERE a <> ANY (ARRAY[1, 2])"),
        (
            "(x) WHERE t > '2024-01-01 00:00'::timestamptz",
            "(x) WHERE t > '2024-01-01 00:00:00+00'::timestamptz",
        ),
    ],
)
def test_two_structures_never_become_one(one: str, other: str) -> None:
    assert not same(read_index(index(one))[1], read_index(index(other))[1])


def test_storage_parameters_are_read_in_order_with_one_word_for_true() -> None:
    sql = "CREATE INDEX a ON t USING brin (x) WITH (pages_per_range='32', autosummarize=true)"
    assert read_options(sql) == (("autosummarize", "on"), ("pages_per_range", "32"))
    assert read_options(index("(x)")) == ()
