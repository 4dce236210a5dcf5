"""The preflight on a real server: every obstacle is found before anything is changed."""

from __future__ import annotations

import threading
import time

import pytest
from tests.postgres.change.conftest import waits_until

from indexical.apply.estimate import estimate
from indexical.apply.facts import read
from indexical.apply.preflight import check, refuse
from indexical.errors import DatabaseError, PreflightRefused
from indexical.model import Index, Key
from indexical.pg.session import connect

USER = Index("public", "orders", (Key.asc("user_id"),))
WHOLE = Index("public", "orders", (Key.asc("created_at"),))
PENDING = Index("public", "orders", (Key.asc("created_at"),), predicate="status = 'PENDING'")


def codes(findings):
    return [(finding.code, finding.severity) for finding in findings]


def refusals(findings):
    return [finding for finding in findings if finding.severity == "refuse"]


def look(database, *builds, drops=(), **options):
    with database.read() as session:
        return check(session, builds, drops, superuser="allow", **options)


def test_nothing_to_say_about_a_free_name_on_a_quiet_table(orders):
    assert look(orders, ("orders_user_idx", USER), ("orders_pending_idx", PENDING)) == ()


def test_an_index_that_exists_as_defined_is_taken_as_built(orders):
    orders.run("CREATE INDEX orders_pending_idx ON orders (created_at) WHERE status = 'PENDING'")
    findings = look(orders, ("orders_pending_idx", PENDING))
    assert codes(findings) == [("P06", "warn")]
    refuse(findings)


def test_another_predicate_under_the_name_is_refused(orders):
    orders.run("CREATE INDEX orders_pending_idx ON orders (created_at) WHERE status = 'PAID'")
    assert codes(look(orders, ("orders_pending_idx", PENDING))) == [("P08", "refuse")]


def test_another_direction_under_the_name_is_refused(orders):
    orders.run("CREATE INDEX orders_user_idx ON orders (user_id DESC)")
    assert codes(look(orders, ("orders_user_idx", USER))) == [("P08", "refuse")]


@pytest.mark.parametrize(
    "ddl",
    [
        "CREATE TABLE orders_user_idx ()",
        "CREATE VIEW orders_user_idx AS SELECT 1 AS one",
        "CREATE SEQUENCE orders_user_idx",
        "CREATE TYPE orders_user_idx AS (a int)",
    ],
)
def test_anything_else_that_bears_the_name_is_refused(orders, ddl):
    orders.run(ddl)
    assert codes(look(orders, ("orders_user_idx", USER))) == [("P08", "refuse")]


def test_the_same_index_under_another_name_is_told(orders):
    orders.run("CREATE INDEX by_hand ON orders (user_id)")
    (finding,) = look(orders, ("orders_user_idx", USER))
    assert (finding.code, finding.severity, finding.subject) == ("P09", "warn", "public.by_hand")


def test_an_invalid_leftover_is_refused_with_the_statement_that_removes_it(orders):
    with orders.open() as session, pytest.raises(DatabaseError):
        session.execute("CREATE UNIQUE INDEX CONCURRENTLY orders_user_idx ON orders (user_id)")
    findings = look(orders, ("orders_user_idx", USER))
    assert codes(findings) == [("P07", "refuse")]
    with pytest.raises(
        PreflightRefused, match=r"DROP INDEX CONCURRENTLY public\.orders_user_idx; then run this again"
    ):
        refuse(findings)


def test_the_remedy_for_a_leftover_works(orders):
    with orders.open() as session, pytest.raises(DatabaseError):
        session.execute("CREATE UNIQUE INDEX CONCURRENTLY orders_user_idx ON orders (user_id)")
    remedy = look(orders, ("orders_user_idx", USER))[0].remedy
    orders.run(remedy.removeprefix("run: ").split(";")[0])
    assert look(orders, ("orders_user_idx", USER)) == ()


def test_a_table_that_is_not_there_is_refused(orders):
    assert codes(look(orders, ("x_idx", Index("public", "nothing", (Key.asc("a"),))))) == [("P03", "refuse")]


def test_a_view_is_refused_and_a_partitioned_table_is_not(orders):
    orders.run("CREATE TABLE parts (a int) PARTITION BY RANGE (a)", "CREATE VIEW seen AS SELECT 1 AS a")
    assert codes(look(orders, ("x_idx", Index("public", "seen", (Key.asc("a"),))))) == [("P15", "refuse")]
    assert look(orders, ("x_idx", Index("public", "parts", (Key.asc("a"),)))) == ()


def test_a_role_that_does_not_own_the_table_is_refused(orders):
    orders.run(
        "DROP ROLE IF EXISTS stranger",
        "CREATE ROLE stranger LOGIN",
        "CREATE INDEX orders_pending_idx ON orders (created_at) WHERE status = 'PENDING'",
    )
    with orders.as_role("stranger")() as session:
        findings = refusals(check(session, [("orders_user_idx", USER), ("orders_pending_idx", PENDING)]))
    assert codes(findings) == [("P04", "refuse")]
    assert "connect as postgres" in findings[0].remedy


def test_an_owner_without_create_on_the_schema_is_refused(orders):
    orders.run(
        "DROP ROLE IF EXISTS owner_only", "CREATE ROLE owner_only LOGIN", "ALTER TABLE orders OWNER TO owner_only",
        "REVOKE CREATE ON SCHEMA public FROM owner_only, PUBLIC",
    )  # fmt: skip
    try:
        with orders.as_role("owner_only")() as session:
            assert codes(refusals(check(session, [("orders_user_idx", USER)]))) == [("P05", "refuse")]
    finally:
        orders.run("ALTER TABLE orders OWNER TO postgres", "DROP OWNED BY owner_only", "DROP ROLE owner_only")


def test_a_name_of_64_bytes_is_refused_and_one_of_63_is_not(orders):
    assert codes(look(orders, ("a" * 64, USER))) == [("P11", "refuse")]
    assert codes(look(orders, ("é" * 32, USER))) == [("P11", "refuse")]
    assert look(orders, ("a" * 63, USER)) == ()


def test_an_old_snapshot_is_named_with_its_session(orders):
    with orders.open() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.rows("SELECT count(*) FROM orders")
        time.sleep(0.3)
        (finding,) = look(orders, ("orders_user_idx", USER), snapshot_seconds=0.2)
        assert (finding.code, finding.severity) == ("P12", "refuse")
        assert f"pid {reader.backend_pid} (role postgres, 'indexical')" in finding.message
        assert look(orders, ("orders_user_idx", USER), snapshot_seconds=60) == ()


def test_a_writer_idle_in_its_transaction_is_named_with_the_table(orders):
    with orders.open() as writer:
        writer.execute("BEGIN")
        writer.execute("UPDATE orders SET total = 0 WHERE id = 1")
        time.sleep(0.3)
        (finding,) = look(orders, ("orders_user_idx", USER), snapshot_seconds=0.2)
    assert (finding.code, finding.subject) == ("P12", "public.orders")
    assert "idle in transaction" in finding.message


def test_a_reader_idle_after_its_read_and_a_writer_elsewhere_are_no_obstacle(orders):
    orders.run("CREATE TABLE other (a int)")
    with orders.open() as reader, orders.open() as writer:
        reader.execute("BEGIN")
        reader.rows("SELECT 1 FROM orders LIMIT 1")
        # The protocol's unnamed portal keeps its snapshot until the next statement takes its place.
        reader.execute("SET LOCAL work_mem = '4MB'")
        writer.execute("BEGIN")
        writer.execute("INSERT INTO other VALUES (1)")
        time.sleep(0.3)
        assert look(orders, ("orders_user_idx", USER), snapshot_seconds=0.2) == ()


def test_a_prepared_transaction_is_named_and_one_on_another_table_is_not(orders):
    orders.run("CREATE TABLE other (a int)")
    with orders.open() as writer:
        for gid, sql in (
            ("ours", "UPDATE orders SET total = 0 WHERE id = 1"),
            ("theirs", "INSERT INTO other VALUES (1)"),
        ):
            writer.execute("BEGIN")
            writer.execute(sql)
            writer.execute(f"PREPARE TRANSACTION '{gid}'")
        try:
            (finding,) = look(orders, ("orders_user_idx", USER))
            assert (finding.code, finding.subject) == ("P13", "public.orders")
            assert "'ours'" in finding.message
        finally:
            writer.execute("ROLLBACK PREPARED 'ours'")
            writer.execute("ROLLBACK PREPARED 'theirs'")


def test_a_lock_of_another_build_is_refused(orders):
    with orders.open() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE")
        findings = look(orders, ("orders_user_idx", USER))
    assert codes(findings) == [("P10", "refuse")]


def test_dropping_what_backs_a_constraint_is_refused(orders):
    key = orders.indexes("orders")["orders_pkey"]
    assert codes(look(orders, drops=[key])) == [("P17", "refuse")]


def test_dropping_an_index_that_was_replaced_since_is_refused(orders):
    orders.run("CREATE INDEX old_idx ON orders (user_id)")
    old = orders.indexes("orders")["old_idx"]
    assert look(orders, drops=[old]) == ()
    orders.run("DROP INDEX old_idx", "CREATE INDEX old_idx ON orders (total)")
    assert codes(look(orders, drops=[old])) == [("P16", "refuse")]


def test_an_event_trigger_that_can_refuse_is_named_and_one_that_only_logs_is_not(orders):
    orders.run(
        "CREATE FUNCTION guard() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        "CREATE FUNCTION logs() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'seen'; END $$",
        "CREATE EVENT TRIGGER logs ON ddl_command_end EXECUTE FUNCTION logs()",
    )
    assert look(orders, ("orders_user_idx", USER)) == ()
    orders.run(
        "CREATE EVENT TRIGGER guard ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION guard()"
    )
    (finding,) = look(orders, ("orders_user_idx", USER))
    assert (finding.code, finding.severity, finding.subject) == ("P26", "warn", "event trigger guard")
    orders.run("DROP EVENT TRIGGER guard")


def test_a_dump_is_an_obstacle_from_its_first_moment(orders):
    with connect(orders.url, application_name="pg_dump") as dump:
        with dump.transaction(one_moment=True):
            dump.rows("SELECT 1 FROM orders LIMIT 1")
            assert codes(look(orders, ("orders_user_idx", USER))) == [("P37", "refuse")]
        assert look(orders, ("orders_user_idx", USER)) == ()


def test_a_schema_change_that_waits_for_its_lock_is_named_with_its_statement(orders):
    with orders.open() as reader, orders.open() as changer:
        reader.execute("BEGIN")
        reader.rows("SELECT 1 FROM orders LIMIT 1")
        change = threading.Thread(
            target=changer.execute, args=("ALTER TABLE orders ADD COLUMN secret text DEFAULT 'hush'",)
        )
        pid = changer.backend_pid
        change.start()
        found = []
        waits_until(lambda: found.extend(look(orders, ("orders_user_idx", USER))) or found)
        reader.execute("ROLLBACK")
        change.join(60)
    (finding,) = refusals(found)
    assert (finding.code, finding.subject) == ("P38", "public.orders")
    assert f"pid {pid} " in finding.message
    assert "ALTER TABLE orders ADD COLUMN secret text DEFAULT ?" in finding.message


def test_a_partial_index_is_estimated_by_the_rows_it_holds(orders):
    with orders.read() as session:
        facts = read(session, [("part", PENDING), ("whole", WHOLE)], [], snapshot_seconds=60)
    part, whole = estimate(facts, PENDING, "part"), estimate(facts, WHOLE, "whole")
    assert 0 < part.bytes * 20 < whole.bytes


def test_a_superuser_is_told_unless_that_is_allowed(orders):
    with orders.read() as session:
        assert codes(check(session, [("orders_user_idx", USER)])) == [("P33", "warn")]
