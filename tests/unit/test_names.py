"""Names that Django and PostgreSQL both accept."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical import ddl
from indexical.emit.names import MAX_LENGTH, index_name
from indexical.model import Index, Key
from indexical.testing import index

PLAIN = re.compile(r"[a-z][a-z0-9_]*")


@pytest.mark.parametrize(
    ("given", "model", "expected"),
    [
        (index("orders", "user_id"), "", "orders_user_id_idx"),
        (index("shop_order", "user_id, created_at"), "shop.Order", "order_user_id_created_at_idx"),
        (index("orders", "created_at DESC"), "Order", "order_created_at_idx"),
        (index("orders", "paid_at", where="status = 'NEW'"), "Order", "order_paid_at_part_idx"),
        (index("users", "(upper(email))"), "User", "user_upper_email_idx"),
        (Index("public", "Größe", (Key.asc("Länge"),)), "", "groe_lange_idx"),
        (Index("public", "_t", (Key.asc("__x__"),)), "", "t_x_idx"),
        (Index("public", "2024", (Key.asc("2x"),)), "", "n2024_n2x_idx"),
        (Index("public", "表", (Key.asc("列"),)), "", "table_expression_idx"),
    ],
)
def test_names_say_what_the_index_is_about(given, model, expected):
    assert index_name(given, ()) == expected if not model else index_name(given, (), model=model) == expected


def test_a_long_name_keeps_something_of_every_part():
    name = index_name(index("invitations_invitationviewlog", "invitation_id, viewed_at, ip_address"), ())
    assert len(name) <= MAX_LENGTH
    parts = name.split("_")
    assert parts[-1] == "idx"
    assert len(parts) >= 5


def test_a_taken_name_gets_another_one_and_the_same_one_each_time():
    wanted = index("orders", "user_id")
    first = index_name(wanted, ())
    second = index_name(wanted, {first})
    third = index_name(wanted, {first, second})
    assert len({first, second, third}) == 3
    assert second == index_name(wanted, {first})
    assert second.startswith("orders_user_id_")


names = st.text(min_size=1, max_size=70).filter(lambda text: "\x00" not in text)


@pytest.mark.parametrize("name", ["orders\n", "\norders", "Orders", "order", "1st", "día"])
def test_a_name_that_sql_would_read_differently_is_quoted(name):
    assert ddl.quote(name) == f'"{name}"'


@pytest.mark.parametrize(
    ("collation", "written"),
    [
        ("C", '"C"'),
        ("en-US-x-icu", '"en-US-x-icu"'),
        ("en_US.utf8", '"en_US.utf8"'),
        ("C.UTF-8", '"C.UTF-8"'),
        ("pg_catalog.en_US.utf8", 'pg_catalog."en_US.utf8"'),
        ("shop.german", "shop.german"),
        ("en.plain", "en.plain"),
    ],
)
def test_the_dot_in_a_collations_name_is_told_from_the_one_behind_its_schema(collation, written):
    assert ddl.key_sql(Key("title", collation=collation)) == f"title COLLATE {written}"


@given(names, st.lists(names, min_size=1, max_size=6), st.booleans(), names, st.booleans())
def test_every_name_is_valid_everywhere(table, columns, partial, model, clash):
    made = Index("public", table, tuple(Key.asc(c) for c in columns), predicate="x" if partial else "")
    name = index_name(made, (), model=model)
    if clash:
        name = index_name(made, {name}, model=model)
    assert len(name) <= MAX_LENGTH
    assert PLAIN.fullmatch(name)
    assert name.endswith("_idx")
    assert ddl.quote(name) == name


def test_casts_say_nothing_about_an_index() -> None:
    made = Index("public", "orders", (Key(expression="upper((email)::character varying(80))"), Key.asc("id")))
    assert index_name(made, ()) == "orders_upper_email_id_idx"
