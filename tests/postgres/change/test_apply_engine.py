"""The engine by itself: what it asks before it cleans, what it says of itself, and what it refuses to trust."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from indexical.apply.creation import create
from indexical.apply.run import Site, prepare
from indexical.apply.statements import create_statement
from indexical.errors import PreflightRefused
from indexical.model import Applied, Failed, Index, Key

NOTE = Index("public", "orders", (Key(expression="note::int"),))
USER = Index("public", "orders", (Key.asc("user_id"),))


@contextmanager
def site(database, **options):
    with database.open() as monitor:
        yield Site(database.open, monitor, lambda *_: None, run="abc", **options)


def test_nothing_is_cleaned_where_another_server_answers(orders):
    with site(orders, same_target=lambda _: False) as here:
        outcome = create(here, create_statement("orders_note_idx", NOTE))
    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.sqlstate) == ("TARGET_CHANGED", "22P02")
    assert not orders.indexes("orders")["orders_note_idx"].valid


def test_where_the_same_one_answers_it_is_cleaned(orders):
    with site(orders) as here:
        outcome = create(here, create_statement("orders_note_idx", NOTE))
    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.sqlstate) == ("VALUE", "22P02")
    assert "orders_note_idx" not in orders.indexes("orders")


def test_a_function_that_needs_a_search_path_is_told_as_such(orders):
    orders.run(
        "CREATE FUNCTION public.inner_one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
        "CREATE FUNCTION public.outer_one(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN inner_one($1); END $$",
    )
    index = Index("public", "orders", (Key(expression="public.outer_one(user_id)"),))
    with site(orders) as here:
        outcome = create(here, create_statement("orders_outer_idx", index))
    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.sqlstate) == ("NOT_IMMUTABLE", "42883")
    assert "orders_outer_idx" not in orders.indexes("orders")


def test_the_backend_and_the_index_are_recorded_before_and_while_it_builds(orders):
    orders.run(
        "CREATE FUNCTION public.slowly(bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS "
        "$$ BEGIN IF $1 = 1 THEN PERFORM pg_catalog.pg_sleep(2); END IF; RETURN $1; END $$"
    )
    recorded = []
    slow = Index("public", "orders", (Key(expression="public.slowly(id)"),))
    with site(orders, record=lambda event, **details: recorded.append((event, details))) as here:
        assert isinstance(create(here, create_statement("orders_slow_idx", slow)), Applied)
    first, second, *_ = recorded
    assert first[0] == "backend"
    assert first[1]["pid"] > 0
    assert second == ("index", {"oid": orders.indexes("orders")["orders_slow_idx"].oid})


def test_a_session_bears_the_runs_name_and_has_the_builds_limits(orders):
    with site(orders, wait_budget_s=60) as here, orders.open() as session:
        prepare(here, session)
        shown = {
            name: session.rows(f"SHOW {name}")[0][name]
            for name in (
                "application_name",
                "statement_timeout",
                "lock_timeout",
                "client_connection_check_interval",
            )
        }
    assert shown == {
        "application_name": "indexical run=abc",
        "statement_timeout": "0",
        "lock_timeout": "62s",
        "client_connection_check_interval": "500ms",
    }


def test_a_session_that_forgets_what_it_was_told_is_refused(orders, monkeypatch):
    with site(orders) as here, orders.open() as session:
        monkeypatch.setattr(type(session), "set", lambda *_, **__: None)
        with pytest.raises(PreflightRefused, match="statement_timeout is not what this session was told"):
            prepare(here, session)


def test_an_index_under_another_name_counts_as_there(orders):
    with site(orders) as here:
        assert isinstance(create(here, create_statement("first_idx", USER)), Applied)
        again = create(here, create_statement("second_idx", USER))
    assert "first_idx" in again.reason
