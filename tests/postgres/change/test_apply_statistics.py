"""Statistics of an index on expressions, and what is said when they cannot be had."""

from __future__ import annotations

from indexical.apply.build import apply_sql, create_statement
from indexical.apply.facts import read_tables
from indexical.apply.run import Site
from indexical.apply.statistics import refresh
from indexical.model import Applied, Index, Key

LOWER = Index("public", "orders", (Key(expression="lower(note)"),))


def expression_statistics(database):
    return database.value("SELECT count(*) FROM pg_stats WHERE tablename = 'orders_note_idx'")


def test_an_index_on_an_expression_has_its_statistics_at_once(orders):
    (outcome,) = apply_sql(orders.open, [create_statement("orders_note_idx", LOWER)])
    assert isinstance(outcome, Applied)
    assert outcome.note == ""
    assert expression_statistics(orders) == 1


def test_an_index_on_columns_asks_for_none(orders):
    orders.run("CREATE TABLE plain (a int)", "INSERT INTO plain SELECT 1")
    apply_sql(orders.open, [create_statement("plain_idx", Index("public", "plain", (Key.asc("a"),)))])
    assert orders.value("SELECT count(*) FROM pg_stats WHERE tablename = 'plain'") == 0


def _refreshed_as(orders, role):
    orders.run(f"DROP ROLE IF EXISTS {role}", f"CREATE ROLE {role} LOGIN")
    try:
        with orders.open() as monitor:
            site = Site(orders.as_role(role), monitor, lambda *_: None)
            (table,) = read_tables(monitor, [("public", "orders")])
            return refresh(site, table, LOWER)
    finally:
        orders.run(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_statistics_that_our_role_may_not_renew_are_told_with_the_statement(orders):
    told = _refreshed_as(orders, "stranger")
    assert told.startswith("the table's statistics were not renewed: our role lacks a right")
    assert told.endswith("run: ANALYZE public.orders")


def test_a_table_that_the_server_skips_with_a_warning_is_noticed(orders, monkeypatch):
    # Past the test lock, ANALYZE itself only warns.
    monkeypatch.setattr("indexical.apply.run._test_lock", lambda *_: None)
    told = _refreshed_as(orders, "stranger")
    assert "the server skipped it" in told


def test_a_warning_is_kept_by_its_state(orders):
    with orders.open() as session:
        session.execute("ANALYZE orders")
        assert session.warnings == []
        session.execute("DO $$ BEGIN RAISE WARNING 'w'; RAISE NOTICE 'n'; END $$")
        assert session.warnings == ["01000"]
