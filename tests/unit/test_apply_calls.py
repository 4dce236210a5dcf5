"""Which functions and casts an index expression uses, from its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.apply.calls import Call, Cast, calls, casts, expressions, moments, unqualified
from indexical.model import Index, Key


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("user_id", ()),
        ("lower(name)", (Call("", "lower", ("name",)),)),
        ("shop.total(a, b)", (Call("shop", "total", ("a", "b")),)),
        ('"Shop"."Total"(a)', (Call("Shop", "Total", ("a",)),)),
        ("f(g(a), 1)", (Call("", "f", ("g (a)", "1")), Call("", "g", ("a",)))),
        ("now()", (Call("", "now", ()),)),
        ("EXTRACT(year FROM created_at)", (Call("", "extract", ("'year'", "created_at")),)),
        ("coalesce(a, 0) + (b)", ()),
        ("status IN ('a', 'b') AND NOT (paid OR (late))", ()),
        ("'f(x)'", ()),
    ],
)
def test_calls(text, found):
    assert calls(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("created_at::date", (Cast("created_at", "date"),)),
        ("(created_at)::date", (Cast("(created_at)", "date"),)),
        ("a + b::int", (Cast("b", "int"),)),
        ("CAST(a AS int)", (Cast("a", "int"),)),
        ("f(a::text)::int", (Cast("a", "text"), Cast("f (a :: text)", "int"))),
        ("status = 'NEW'::text", ()),
        ("note IS NULL", ()),
    ],
)
def test_casts(text, found):
    assert casts(text) == found


def test_words_that_stand_for_the_time_or_the_session():
    assert moments("a > CURRENT_DATE AND b = SESSION_USER AND c = 'current_time'") == (
        "current_date",
        "session_user",
    )


def test_names_that_a_body_looks_up_by_the_search_path():
    body = """
    BEGIN
        -- not_this_one() is in a comment
        RETURN (SELECT count(*) FROM items JOIN shop.prices USING (id) WHERE helper(a) > shop.tax(b)) + 'x'::shop_kind;
    END
    """
    names = unqualified(body)
    assert {"items", "helper"} <= names
    assert not names & {"prices", "tax", "not_this_one", "shop"}


def test_an_index_has_the_expressions_of_its_keys_and_its_predicate():
    index = Index("s", "t", (Key.asc("a"), Key(expression="lower(b)")), predicate="c > 0")
    assert expressions(index) == ("lower(b)", "c > 0")


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text):
    calls(text)
    casts(text)
    moments(text)
    unqualified(text)
