"""Verdicts on a real server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.apply.build import apply_sql, create_statement
from indexical.ddl import create_index
from indexical.errors import DatabaseError
from indexical.model import Failed, Index, Key, NotMeasured, Recommendation, Statement, Verified, Workload
from indexical.verify import verify

USER = Index("public", "orders", (Key.asc("user_id"),))
PENDING = Index("public", "orders", (Key.asc("created_at"),), predicate="status = 'PENDING'")

OF_USER = Statement(
    "of-user",
    "SELECT id FROM orders WHERE user_id = $1",
    types=("int4",),
    samples=(("1",), ("2",), ("3",), ("4",), ("5",)),
)
NEWEST_PENDING = Statement(
    "newest-pending", "SELECT id FROM orders WHERE status = 'PENDING' ORDER BY created_at LIMIT 5"
)
COUNT = Statement("count", "SELECT count(*) FROM orders WHERE note <> ''")


def expect(name, index, *statements):
    return Recommendation(index, name, create_index(index, name), 0, 0.0, 0.0, statements=statements)


def verdicts(database, *expected, statements=(OF_USER, NEWEST_PENDING, COUNT)):
    with database.read() as session:
        return verify(session, expected, Workload(tuple(statements)))


@pytest.fixture
def big(orders):
    orders.run(
        "INSERT INTO orders SELECT i, i % 1000, 'PAID', i, '', '2026-02-01'::timestamptz + i * interval '1 minute' "
        "FROM generate_series(2001, 60000) i",
        "ANALYZE orders",
    )
    return orders


def test_an_index_that_was_applied_is_used_by_the_statements_it_was_made_for(big):
    apply_sql(
        big.open, [create_statement("orders_user_idx", USER), create_statement("orders_pending_idx", PENDING)]
    )
    by_user, pending = verdicts(
        big,
        expect("orders_user_idx", USER, "of-user"),
        expect("orders_pending_idx", PENDING, "newest-pending"),
    )
    assert (type(by_user), by_user.verdict, by_user.statements, by_user.missing) == (
        Verified,
        "used",
        ("of-user",),
        (),
    )
    assert by_user.evidence == "4 of 4 plans, 1 of 1 statements"
    assert by_user.size > 0
    assert (pending.verdict, pending.statements) == ("used", ("newest-pending",))


def test_an_index_that_the_planner_does_not_choose_is_not_used(big):
    big.run("CREATE INDEX orders_note_idx ON orders (note)")
    index = Index("public", "orders", (Key.asc("note"),))
    (outcome,) = verdicts(big, expect("orders_note_idx", index, "count", "of-user"))
    assert isinstance(outcome, Verified)
    assert (outcome.verdict, outcome.statements, outcome.missing) == ("not-used", (), ("of-user", "count"))


def test_an_index_on_a_tiny_table_is_valid_and_not_used(fresh):
    fresh.run(
        "CREATE TABLE orders (id int, user_id int)",
        "INSERT INTO orders VALUES (1, 1), (2, 2)",
        "ANALYZE orders",
    )
    fresh.run("CREATE INDEX orders_user_idx ON orders (user_id)")
    (outcome,) = verdicts(fresh, expect("orders_user_idx", USER, "of-user"), statements=[OF_USER])
    assert isinstance(outcome, Verified)
    assert outcome.verdict == "not-used"
    assert outcome.evidence == "0 of 4 plans, 0 of 1 statements"


def test_an_index_that_no_captured_statement_was_the_reason_for_has_no_verdict(big):
    big.run("CREATE INDEX orders_user_idx ON orders (user_id)")
    for statements in ((), ("gone",)):
        (outcome,) = verdicts(big, expect("orders_user_idx", USER, *statements))
        assert isinstance(outcome, NotMeasured)


def test_a_statement_that_cannot_be_planned_gives_no_verdict(big):
    big.run("CREATE INDEX orders_user_idx ON orders (user_id)")
    broken = Statement("broken", "SELECT gone FROM orders WHERE user_id = 1")
    (outcome,) = verdicts(big, expect("orders_user_idx", USER, "broken"), statements=[broken])
    assert isinstance(outcome, NotMeasured)
    assert "no plan could be made" in outcome.reason


def test_a_value_that_was_left_out_of_the_capture_is_not_taken_for_null(big):
    big.run("CREATE INDEX orders_user_idx ON orders (user_id)")
    redacted = replace(OF_USER, samples=((None,), (None,)))
    (outcome,) = verdicts(big, expect("orders_user_idx", USER, "of-user"), statements=[redacted])
    assert (outcome.verdict, outcome.evidence) == ("used", "1 of 1 plans, 1 of 1 statements")


def test_a_statement_that_cannot_be_planned_does_not_count_as_missing(big):
    big.run("CREATE INDEX orders_user_idx ON orders (user_id)")
    broken = Statement("broken", "SELECT gone FROM orders WHERE user_id = 1")
    (outcome,) = verdicts(
        big, expect("orders_user_idx", USER, "broken", "of-user"), statements=[broken, OF_USER]
    )
    assert (outcome.verdict, outcome.statements, outcome.missing) == ("used", ("of-user",), ())
    assert outcome.evidence.endswith("1 could not be planned")


def test_a_missing_index_fails(orders):
    (outcome,) = verdicts(orders, expect("orders_user_idx", USER, "of-user"))
    assert isinstance(outcome, Failed)
    assert outcome.error == "the index does not exist"


def test_an_index_of_the_name_in_another_schema_does_not_count(orders):
    orders.run(
        "CREATE SCHEMA s2",
        "CREATE TABLE s2.orders (user_id int)",
        "CREATE INDEX orders_user_idx ON s2.orders (user_id)",
    )
    (outcome,) = verdicts(orders, expect("orders_user_idx", USER, "of-user"))
    assert isinstance(outcome, Failed)


def test_an_invalid_index_fails_with_the_remedy(orders):
    with orders.open() as session, pytest.raises(DatabaseError):
        session.execute("CREATE UNIQUE INDEX CONCURRENTLY orders_user_idx ON orders (user_id)")
    (outcome,) = verdicts(orders, expect("orders_user_idx", USER, "of-user"))
    assert isinstance(outcome, Failed)
    assert "DROP INDEX CONCURRENTLY public.orders_user_idx" in outcome.remedy


@pytest.mark.parametrize(
    "ddl",
    [
        "CREATE INDEX orders_user_idx ON orders (user_id DESC)",
        "CREATE INDEX orders_user_idx ON orders (user_id, id)",
        "CREATE INDEX orders_user_idx ON orders (user_id) INCLUDE (id)",
        "CREATE INDEX orders_user_idx ON orders (user_id) WHERE status = 'PAID'",
        "CREATE INDEX orders_user_idx ON orders USING hash (user_id)",
        "CREATE TABLE orders_user_idx ()",
    ],
)
def test_anything_but_the_expected_definition_fails(orders, ddl):
    orders.run(ddl)
    (outcome,) = verdicts(orders, expect("orders_user_idx", USER, "of-user"))
    assert isinstance(outcome, Failed)


@pytest.mark.parametrize(
    ("wanted", "same"),
    [
        ("status = 'PENDING'", True),
        ("(status)::text = 'PENDING'", True),
        ("((status = 'PENDING'))", True),
        ("status = 'PENDING ", False),
        ("status = 'PAID'", False),
        ("status <> 'PENDING'", False),
        ("no_such_column = 1", False),
        ("status = 'PENDING' AND total > 0", False),
    ],
)
def test_a_predicate_is_compared_in_the_servers_words(orders, wanted, same):
    orders.run("CREATE INDEX orders_pending_idx ON orders (created_at) WHERE status = 'PENDING'")
    index = Index("public", "orders", (Key.asc("created_at"),), predicate=wanted)
    (outcome,) = verdicts(orders, expect("orders_pending_idx", index, "newest-pending"))
    assert isinstance(outcome, Failed) is not same


def test_an_expression_is_compared_in_the_servers_words(orders):
    orders.run("CREATE INDEX orders_note_idx ON orders (upper(note))")
    for expression, same in (("UPPER(note)", True), ("upper((note)::text)", True), ("lower(note)", False)):
        index = Index("public", "orders", (Key(expression=expression),))
        (outcome,) = verdicts(orders, expect("orders_note_idx", index, "count"))
        assert isinstance(outcome, Failed) is not same


def test_a_predicate_that_is_a_second_statement_runs_nothing(orders):
    orders.run("CREATE INDEX orders_pending_idx ON orders (created_at) WHERE status = 'PENDING'")
    index = Index(
        "public",
        "orders",
        (Key.asc("created_at"),),
        predicate="true) FROM orders; DROP TABLE orders; SELECT (1",
    )
    (outcome,) = verdicts(orders, expect("orders_pending_idx", index, "newest-pending"))
    assert isinstance(outcome, Failed)
    assert orders.value("SELECT count(*) FROM orders") == 2000
