"""Which tables a statement may read, by its text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.model import Function, View
from indexical.testing import catalog, table
from indexical.whatif.reach import Reach

PARENT = replace(table("events", "a int"), kind="p")
PART = replace(table("events_2026", "a int"), parents=(("public", "events"),))
DEEPER = replace(table("events_2026_01", "a int"), parents=(("public", "events_2026"),))
CATALOG = replace(
    catalog(
        table("orders", "a int"),
        table("order_lines", "a int"),
        table("archive.orders", "a int"),
        table('public.Odd "name"', "a int"),
        PARENT,
        PART,
        DEEPER,
    ),
    views=(
        View("public", "busy", "SELECT a FROM public.quiet"),
        View("public", "quiet", "SELECT a FROM public.order_lines"),
    ),
    functions=(
        Function(
            "public", "lines", "", "sql", "CREATE FUNCTION lines() ... AS $$ SELECT a FROM order_lines $$"
        ),
        Function("public", "slow", "", "plpgsql", "CREATE FUNCTION slow() ... SELECT a FROM order_lines"),
    ),
)


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("select 1", set()),
        ("select a from orders", {"public.orders", "archive.orders"}),
        ("SELECT a FROM Public.ORDERS", {"public.orders", "archive.orders"}),
        ("select a from orders_old", set()),
        ("select a from order_lines l", {"public.order_lines"}),
        ("select a from busy", {"public.order_lines"}),
        ("select a from lines()", {"public.order_lines"}),
        ("select slow()", set()),
        ('select a from "Odd ""name"""', {'public.Odd "name"'}),
        ("select a from events", {"public.events", "public.events_2026", "public.events_2026_01"}),
        ("select a from events_2026", {"public.events_2026", "public.events_2026_01"}),
        ("select a from events_2026_01", {"public.events_2026_01"}),
    ],
)
def test_tables_that_a_statement_may_read(sql, tables):
    assert {f"{schema}.{name}" for schema, name in Reach(CATALOG).tables(sql)} == tables


def test_views_that_name_one_another_in_a_circle_end():
    circle = replace(
        CATALOG,
        views=(
            View("public", "one", "SELECT a FROM two, orders"),
            View("public", "two", "SELECT a FROM one"),
        ),
    )
    assert len(Reach(circle).tables("select a from two")) == 2


def test_tables_that_inherit_from_one_another_in_a_circle_end():
    one = replace(table("one", "a int"), parents=(("public", "two"),))
    two = replace(table("two", "a int"), parents=(("public", "one"),))
    assert len(Reach(catalog(one, two)).tables("select a from one")) == 2
