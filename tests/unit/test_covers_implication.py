"""Predicates that are proven to imply one another, and above all those that are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexical.model.implication import implies
from tests.unit.predicates import ROWS, Predicate, predicates


@settings(max_examples=200)
@given(predicates(), predicates())
def test_what_is_proven_is_true_of_every_row(p: Predicate, q: Predicate) -> None:
    if implies(p.sql, q.sql):
        assert [row for row in ROWS if p.holds(row) is True and q.holds(row) is not True] == []


@settings(max_examples=60)
@given(predicates(), predicates())
def test_a_conjunction_implies_its_parts_and_a_part_its_alternative(p: Predicate, q: Predicate) -> None:
    assert implies(f"({p.sql}) AND ({q.sql})", p.sql)
    assert implies(p.sql, f"({p.sql}) OR ({q.sql})")
    assert implies(p.sql, p.sql)


@settings(max_examples=60)
@given(predicates(), predicates(), predicates())
def test_a_proof_goes_through_a_conjunction(p: Predicate, q: Predicate, r: Predicate) -> None:
    if implies(p.sql, q.sql):
        assert implies(f"({p.sql}) AND ({r.sql})", q.sql)


@given(st.text(alphabet="ab('), \"=<>ANDorist12:;[]", max_size=40), st.text(alphabet="ab =1()", max_size=9))
def test_whatever_the_text_is_there_is_an_answer(p: str, q: str) -> None:
    assert implies(p, q) in (True, False)
    assert implies(p, p)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        ("a = 1", ""),
        ("status = 'NEW'", "status IN ('NEW', 'OLD')"),
        ("status = 'NEW'", "((status)::text = ANY ((ARRAY['NEW'::character varying, 'OLD'::character varying])::text[]))"),
        ("status IN ('a')", "status IN ('b', 'a')"),
        ("a = 1", "a > 0"),
        ("a = 1", "a <> 2"),
        ("a > 5", "a >= 5"),
        ("a > 5", "a > 3"),
        ("a > 5", "a <> 5"),
        ("a > 5", "3 < a"),
        ("a > -1", "a > -2"),
        ("a >= '-1'::integer", "a > -2"),
        ("a = 1", "a IS NOT NULL"),
        ("a BETWEEN 2 AND 3", "a BETWEEN 1 AND 4"),
        ("a > 1 AND a < 3", "a BETWEEN 1 AND 3"),
        ("a = 1 AND b = 2", "b = 2"),
        ("a = 1 OR a = 2", "a IN (1, 2)"),
        ("a IN (1, 2)", "a = 1 OR a = 2"),
        ("a IN (1, 2) AND a <> 1", "a = 2"),
        ("a NOT IN (1, 2)", "a <> 1"),
        ("paid", "paid = true"),
        ("NOT paid", "paid = false"),
        ("NOT paid", "paid IS FALSE"),
        ("paid IS FALSE", "paid IS NOT TRUE"),
        ("paid IS NULL", "paid IS NOT TRUE"),
        ("NOT paid", "paid <> true"),
        ("paid", "paid IS NOT NULL"),
        ("NOT (a IS NULL)", "a IS NOT NULL"),
        ("day > '2024-02-01'::date", "day > '2024-01-31'::date"),
        ("at >= '2024-02-01 00:00:00+02'::timestamp with time zone", "at > '2024-01-31 21:59:59+00'::timestamptz"),
        ("(status)::text = 'NEW'::text", "(status)::text <> 'DONE'::text"),
        ("lower((email)::text) = 'x'", "LOWER(email) IS NOT NULL"),
        ("NOT (a = 1 OR b = 2)", "a <> 1 AND b <> 2"),
        ("a = 1 AND a = 2", "c"),
        ("a > 2 AND a < 1", "c"),
        ("a > b", "a >= b"),
        ("data @> '{}' AND a = 1", "data @> '{}'"),
        ("id = '00000000-0000-0000-0000-000000000001'::uuid", "id <> '00000000-0000-0000-0000-000000000002'::uuid"),
    ],
)  # fmt: skip
def test_it_is_proven(p: str, q: str) -> None:
    assert implies(p, q)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        ("", "a = 1"),
        ("a > 3", "a > 5"),
        ("a >= 5", "a > 5"),
        ("a <> 2", "a = 1"),
        ("a IN (1, 2)", "a = 1"),
        ("a = 1", "b = 1"),
        ("a = 1 OR b = 1", "a = 1"),
        ("a IS NULL", "a <> 1"),
        ("paid IS NOT TRUE", "NOT paid"),
        ("NOT paid", "paid"),
        ("a IS NOT NULL", "a > 1"),
        # Text has no order that does not depend on a collation, and a collation may take these for the same.
        ("(s)::text > 'b'::text", "(s)::text > 'a'::text"),
        ("(s)::text = 'a'::text", "(s)::text <> 'A'::text"),
        ("(s)::text = '7'::text", "(s)::text <> '07'::text"),
        # What type these have is not said: two spellings may be one value.
        ("s = 'a'", "s <> 'b'"),
        ("day = '2024-1-1'", "day <> '2024-01-01'"),
        ("at > '2024-02-01 00:00:00'::timestamptz", "at > '2024-01-01 00:00:00'::timestamptz"),
        ("(email)::text = 'b'::text", "email <> 'B'::citext"),
        ("email = 'a'::citext", "(email)::text = 'a'::text"),
        # In double precision these two are one number.
        ("a = 0.1", "a <> 0.10000000000000000001"),
        ("a >= 0.10000000000000000001", "a > 0.1"),
        ("a = 5.5::integer", "a = 5.5"),
        # Part of a row's comparison may be NULL.
        ("(a, b) < (1, 2)", "b IS NOT NULL"),
        ("ROW(a, b) < ROW(1, 2)", "ROW(a, b) IS NOT NULL"),
        ("r = '(1,)'::pair", "r IS NOT NULL"),
        ("a = NULL OR b", "b IS TRUE AND a = 1"),
        ("a NOT IN (1, NULL)", "a <> 2"),
        ("a BETWEEN SYMMETRIC 5 AND 1", "a > 6"),
        ("x = ANY ('{1,2}'::integer[])", "x = 1"),
        ("a LIKE 'abc%'", "a LIKE 'ab%'"),
        ("f(a) = 1", "f(b) = 1"),
        ("a + 1 > 5", "a > 3"),
        ("a > b", "a > c"),
        ('"A" = 1', "a = 1"),
    ],
)  # fmt: skip
def test_it_is_not_proven(p: str, q: str) -> None:
    assert not implies(p, q)


def test_a_predicate_of_too_many_alternatives_is_given_up() -> None:
    wide = " AND ".join(f"(a{n} = 1 OR b{n} = 1)" for n in range(12))
    assert not implies(wide, "a0 = 1 OR b0 = 1 OR c")
    assert implies(wide, wide)
