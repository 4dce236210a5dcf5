"""Building and dropping on a real server: never in a writer's way, and nothing of ours left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from tests.postgres.change.conftest import waits_until

from indexical.apply.build import apply_sql, create_statement, drop_statement
from indexical.errors import DatabaseError, FileRefused, PreflightRefused
from indexical.measure.lockprobe import WriterProbe
from indexical.model import Applied, Failed, Index, Key, Skipping
from indexical.pg.session import connect

USER = Index("public", "orders", (Key.asc("user_id"),))
CREATED = Index("public", "orders", (Key.asc("created_at"),))
PENDING = Index("public", "orders", (Key.asc("created_at"),), predicate="status = 'PENDING'")
SLOW = Index("public", "orders", (Key(expression="slowly(id)"),))
SLOWLY = (
    "CREATE FUNCTION public.slowly(bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS "
    "$$ BEGIN PERFORM pg_catalog.pg_sleep(0.005); RETURN $1; END $$"
)
MORE = "INSERT INTO orders SELECT i, 1, 'PAID', 1, '', now() FROM generate_series(2001, 6000) i"
"""With these a build takes half a minute."""


def apply(database, *statements, **options):
    return apply_sql(database.open, statements, **options)


def seconds_of(work):
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def building(database):
    return database.value("SELECT count(*) FROM pg_stat_progress_create_index") == 1


def test_an_index_is_built_valid_and_as_defined(orders):
    events = []
    outcomes = apply(
        orders, create_statement("orders_pending_idx", PENDING), on_event=lambda *event: events.append(event)
    )
    assert [type(outcome) for outcome in outcomes] == [Applied]
    built = orders.indexes("orders")["orders_pending_idx"]
    assert built.valid
    assert built.ready
    assert built.index.predicate == "(status)::text = 'PENDING'::text"
    assert events[0][:2] == ("apply", 0.0)


def test_an_ordinary_owner_without_any_monitoring_right_can_apply(orders):
    orders.run(
        SLOWLY,
        "DELETE FROM orders WHERE id > 150",
        "DROP ROLE IF EXISTS plain_owner",
        "CREATE ROLE plain_owner LOGIN",
        "ALTER TABLE orders OWNER TO plain_owner",
        "GRANT CREATE ON SCHEMA public TO plain_owner",
        "CREATE INDEX old_idx ON orders (total)",
    )
    old = drop_statement(orders.indexes("orders")["old_idx"])
    duplicate = Index("public", "orders", (Key.asc("status"),), unique=True)
    try:
        outcomes = apply_sql(
            orders.as_role("plain_owner"),
            [create_statement("orders_slow_idx", SLOW), old, create_statement("no_key", duplicate)],
        )
        assert [type(outcome) for outcome in outcomes] == [Applied, Failed, Skipping]
        assert set(orders.indexes("orders")) == {"orders_pkey", "orders_slow_idx", "old_idx"}
        assert isinstance(apply_sql(orders.as_role("plain_owner"), [old])[0], Applied)
    finally:
        orders.run(
            "ALTER TABLE orders OWNER TO postgres", "DROP OWNED BY plain_owner", "DROP ROLE plain_owner"
        )


def test_a_materialised_view_is_indexed_too(orders):
    orders.run(
        "CREATE MATERIALIZED VIEW busy AS SELECT user_id, count(*) AS orders FROM orders GROUP BY user_id"
    )
    (outcome,) = apply(orders, create_statement("busy_idx", Index("public", "busy", (Key.asc("orders"),))))
    assert isinstance(outcome, Applied)
    assert orders.indexes("busy")["busy_idx"].valid


def test_a_partitioned_table_without_a_part_gets_its_index_at_once(orders):
    orders.run("CREATE TABLE parts (a int) PARTITION BY RANGE (a)")
    (outcome,) = apply(orders, create_statement("parts_idx", Index("public", "parts", (Key.asc("a"),))))
    assert isinstance(outcome, Applied)
    assert orders.indexes("parts")["parts_idx"].valid


def test_hostile_names_are_only_names(fresh):
    table = 'or"ders; DROP TABLE canary; --%s'
    fresh.run(
        "CREATE TABLE canary (a int)", 'CREATE TABLE "or""ders; DROP TABLE canary; --%s" ("us""er%" int)'
    )
    index = Index("public", table, (Key.asc('us"er%'),))
    statement = create_statement('x"; DROP TABLE canary; --%', index)
    assert isinstance(apply(fresh, statement)[0], Applied)
    assert isinstance(apply(fresh, statement)[0], Skipping)
    assert fresh.value("SELECT count(*) FROM canary") == 0
    assert isinstance(apply(fresh, drop_statement(fresh.indexes(table)[statement.name]))[0], Applied)


def test_a_second_run_changes_nothing(orders):
    statement = create_statement("orders_pending_idx", PENDING)
    apply(orders, statement)
    oid = orders.indexes("orders")["orders_pending_idx"].oid
    (outcome,) = apply(orders, statement)
    assert isinstance(outcome, Skipping)
    assert orders.indexes("orders")["orders_pending_idx"].oid == oid


def test_the_same_index_under_another_name_is_not_built_twice(orders):
    orders.run("CREATE INDEX by_hand ON orders (user_id)")
    (outcome,) = apply(orders, create_statement("orders_user_idx", USER))
    assert isinstance(outcome, Skipping)
    assert "public.by_hand" in outcome.reason
    assert "orders_user_idx" not in orders.indexes("orders")


def test_another_definition_under_the_name_is_left_alone(orders):
    orders.run("CREATE INDEX orders_user_idx ON orders (total)")
    (outcome,) = apply(orders, create_statement("orders_user_idx", USER))
    assert isinstance(outcome, Failed)
    assert orders.indexes("orders")["orders_user_idx"].index.columns == ("total",)


def test_an_invalid_index_that_was_there_before_is_not_ours_to_remove(orders):
    with orders.open() as session, pytest.raises(DatabaseError):
        session.execute("CREATE UNIQUE INDEX CONCURRENTLY orders_user_idx ON orders (user_id)")
    index = Index("public", "orders", (Key.asc("user_id"),), unique=True)
    (outcome,) = apply(orders, create_statement("orders_user_idx", index))
    assert isinstance(outcome, Failed)
    assert "DROP INDEX CONCURRENTLY public.orders_user_idx" in outcome.remedy
    assert not orders.indexes("orders")["orders_user_idx"].valid


def test_duplicates_under_a_unique_index_leave_nothing_behind_and_no_value_in_the_message(orders):
    index = Index("public", "orders", (Key.asc("user_id"),), unique=True)
    (outcome,) = apply(orders, create_statement("orders_user_key", index))
    assert isinstance(outcome, Failed)
    assert "duplicate values" in outcome.error
    assert "nothing was left behind" in outcome.error
    assert set(orders.indexes("orders")) == {"orders_pkey"}


def test_a_value_that_the_expression_cannot_take_leaves_nothing_behind(orders):
    orders.run("UPDATE orders SET note = 'canary' WHERE id = 7")
    index = Index("public", "orders", (Key(expression="note::int"),))
    (outcome,) = apply(orders, create_statement("orders_note_idx", index))
    assert isinstance(outcome, Failed)
    assert "canary" not in outcome.error + outcome.remedy
    assert set(orders.indexes("orders")) == {"orders_pkey"}


def test_the_sessions_statement_timeout_does_not_end_a_build(orders):
    orders.run(SLOWLY, "DELETE FROM orders WHERE id > 250")
    (outcome,) = apply_sql(
        lambda: connect(orders.url, read_only=False, statement_timeout_ms=1500),
        [create_statement("orders_slow_idx", SLOW)],
    )
    assert isinstance(outcome, Applied)
    assert outcome.milliseconds > 1500


def test_creates_come_before_drops_and_a_failed_create_keeps_the_old_index(orders):
    orders.run("CREATE INDEX old_idx ON orders (user_id)")
    old = drop_statement(orders.indexes("orders")["old_idx"])
    new = create_statement(
        "new_key", Index("public", "orders", (Key.asc("user_id"), Key.asc("status")), unique=True)
    )
    outcomes = apply(orders, old, new)
    assert [(type(outcome), outcome.id) for outcome in outcomes] == [(Failed, new.id), (Skipping, old.id)]
    assert "old_idx" in orders.indexes("orders")


def test_a_drop_takes_the_index_it_was_made_for_and_its_undo_brings_it_back(orders):
    orders.run("CREATE INDEX old_idx ON orders (user_id) WITH (fillfactor = 70) WHERE status = 'PAID'")
    before = orders.indexes("orders")["old_idx"]
    statement = drop_statement(before)
    (outcome,) = apply(orders, statement)
    assert isinstance(outcome, Applied)
    assert "old_idx" not in orders.indexes("orders")
    orders.run(statement.undo)
    assert orders.indexes("orders")["old_idx"].definition == before.definition


def test_a_drop_of_an_index_that_was_replaced_since_is_refused(orders):
    orders.run("CREATE INDEX old_idx ON orders (user_id)")
    statement = drop_statement(orders.indexes("orders")["old_idx"])
    orders.run("DROP INDEX old_idx", "CREATE INDEX old_idx ON orders (user_id)")
    (outcome,) = apply(orders, statement)
    assert isinstance(outcome, Failed)
    assert "old_idx" in orders.indexes("orders")


def test_a_drop_stays_within_its_schema(orders):
    orders.run(
        "CREATE INDEX same_idx ON orders (user_id)", "CREATE SCHEMA s2", "CREATE TABLE s2.orders (user_id int)",
        "CREATE INDEX same_idx ON s2.orders (user_id)",
    )  # fmt: skip
    apply(orders, drop_statement(orders.indexes("orders")["same_idx"]))
    assert "same_idx" not in orders.indexes("orders")
    assert (
        orders.value("SELECT count(*) FROM pg_indexes WHERE schemaname = 's2' AND indexname = 'same_idx'")
        == 1
    )


def test_the_primary_key_cannot_be_dropped(orders):
    (outcome,) = apply(orders, drop_statement(orders.indexes("orders")["orders_pkey"]))
    assert isinstance(outcome, Failed)
    assert "primary constraint" in outcome.error


def test_a_held_lock_is_given_up_on_before_anything_is_begun(orders):
    with orders.open() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE")
        (outcome,) = apply(orders, create_statement("orders_user_idx", USER), lock_wait_ms=100)
    assert isinstance(outcome, Failed)
    assert "held a lock" in outcome.error
    assert set(orders.indexes("orders")) == {"orders_pkey"}


def test_a_transaction_that_outlasts_the_budget_leaves_no_index(orders):
    with orders.open() as writer:
        writer.execute("BEGIN")
        writer.execute("UPDATE orders SET total = 0 WHERE id = 1")
        held = [writer]

        def ends_when_the_removal_waits(stage, share, detail):
            if held and "waiting to remove" in detail:
                held.pop().execute("ROLLBACK")

        (outcome,) = apply(
            orders,
            create_statement("orders_user_idx", USER),
            wait_budget_s=0.5,
            on_event=ends_when_the_removal_waits,
        )
    assert held == []
    assert isinstance(outcome, Failed)
    assert set(orders.indexes("orders")) == {"orders_pkey"}


def test_a_leftover_that_cannot_be_removed_yet_is_named_with_who_keeps_it(orders, monkeypatch):
    monkeypatch.setattr("indexical.apply.leftover._REMOVAL_LOCK_TIMEOUT", "200ms")
    with orders.open() as writer:
        writer.execute("BEGIN")
        writer.execute("UPDATE orders SET total = 0 WHERE id = 1")
        (outcome,) = apply(
            orders, create_statement("orders_user_idx", USER), wait_budget_s=0.3, cleanup_wait_s=0.5
        )
        assert isinstance(outcome, Failed)
        assert f"pid {writer.backend_pid}" in outcome.error
        assert "DROP INDEX CONCURRENTLY public.orders_user_idx" in outcome.remedy


def test_two_runs_at_once_do_not_deadlock(orders):
    orders.run(SLOWLY, "DELETE FROM orders WHERE id > 300")
    results = []
    other = threading.Thread(
        target=lambda: results.extend(apply(orders, create_statement("orders_slow_idx", SLOW)))
    )
    other.start()
    waits_until(lambda: building(orders))
    results.extend(apply(orders, create_statement("orders_user_idx", USER)))
    other.join()
    assert [type(result) for result in results] == [Applied, Applied]


def test_a_run_that_waits_too_long_for_its_turn_is_refused(orders):
    orders.run(SLOWLY)
    other = threading.Thread(target=lambda: apply(orders, create_statement("orders_slow_idx", SLOW)))
    other.start()
    waits_until(lambda: building(orders))
    with pytest.raises(PreflightRefused, match="another run"):
        apply(orders, create_statement("orders_user_idx", USER), turn_wait_s=0.1)
    # It would go on for ten seconds.
    orders.value("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_create_index")
    other.join()


def test_a_queued_alter_table_is_let_through_within_a_second(orders):
    orders.run(SLOWLY, "CREATE TABLE other (a int)")
    results = []
    build = threading.Thread(
        target=lambda: results.extend(apply(orders, create_statement("orders_slow_idx", SLOW)))
    )
    build.start()
    waits_until(lambda: building(orders))
    unhindered = seconds_of(lambda: orders.run("ALTER TABLE other ADD COLUMN later int"))
    # What it takes when nothing is in its way, a few milliseconds, is more where the machine has much to do.
    assert seconds_of(lambda: orders.run("ALTER TABLE orders ADD COLUMN later int")) < 1.0 + 20 * unhindered
    build.join()
    assert isinstance(results[0], Failed)
    assert "waited behind it" in results[0].error
    assert set(orders.indexes("orders")) == {"orders_pkey"}


def test_a_build_that_somebody_terminates_leaves_nothing(orders):
    orders.run(SLOWLY)
    results = []
    build = threading.Thread(
        target=lambda: results.extend(apply(orders, create_statement("orders_slow_idx", SLOW)))
    )
    build.start()
    waits_until(lambda: building(orders))
    orders.value("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index")
    build.join()
    assert isinstance(results[0], Failed)
    assert set(orders.indexes("orders")) == {"orders_pkey"}


def test_a_server_that_crashes_in_a_build_is_waited_for_and_left_clean(orders):
    orders.run(SLOWLY, "CHECKPOINT")  # The test server commits without waiting for the disk.
    results = []
    statements = [create_statement("orders_slow_idx", SLOW), create_statement("orders_user_idx", USER)]
    build = threading.Thread(target=lambda: results.extend(apply(orders, *statements, back_within_s=120)))
    build.start()
    waits_until(lambda: building(orders))
    os.kill(orders.value("SELECT pid FROM pg_stat_progress_create_index"), signal.SIGKILL)
    build.join()
    assert [type(result) for result in results] == [Failed, Applied], results
    assert "connection to the server was lost" in results[0].error
    assert set(orders.indexes("orders")) == {"orders_pkey", "orders_user_idx"}


def test_a_drop_that_a_reader_holds_up_says_that_the_index_is_off_and_both_ways_out_work(orders):
    orders.run("CREATE INDEX old_idx ON orders (user_id)")
    statement = drop_statement(orders.indexes("orders")["old_idx"])
    with orders.open() as reader:
        reader.execute("BEGIN")
        reader.rows("SELECT 1 FROM orders LIMIT 1")
        (outcome,) = apply(orders, statement, wait_budget_s=0.2)
    assert isinstance(outcome, Failed)
    assert "switched off" in outcome.error
    assert not orders.indexes("orders")["old_idx"].valid
    orders.run("REINDEX" + outcome.remedy.split("REINDEX")[1])
    assert orders.indexes("orders")["old_idx"].valid
    with orders.open() as reader:
        reader.execute("BEGIN")
        reader.rows("SELECT 1 FROM orders LIMIT 1")
        apply(orders, drop_statement(orders.indexes("orders")["old_idx"]), wait_budget_s=0.2)
    (outcome,) = apply(orders, drop_statement(orders.indexes("orders")["old_idx"]))
    assert isinstance(outcome, Applied)
    assert "old_idx" not in orders.indexes("orders")


def test_progress_names_the_phase_and_moves_forward_only(orders):
    orders.run(SLOWLY, "DELETE FROM orders WHERE id > 300")
    events = []
    apply(orders, create_statement("orders_slow_idx", SLOW), on_event=lambda *event: events.append(event))
    shares = [share for _, share, _ in events]
    assert shares == sorted(shares)
    assert any("building index: scanning table" in detail for _, _, detail in events)


def test_a_listener_that_fails_does_not_leave_a_build_running(orders):
    orders.run(SLOWLY)

    def listener(stage, share, detail):
        if "building" in detail:
            raise BrokenPipeError("the terminal is gone")

    with pytest.raises(BrokenPipeError):
        apply(orders, create_statement("orders_slow_idx", SLOW), on_event=listener)
    assert not building(orders)
    assert set(orders.indexes("orders")) == {"orders_pkey"}


_CHILD = """
import signal, sys
from indexical.apply.build import apply_sql, create_statement
from indexical.model import Index, Key
from indexical.pg.session import connect
if sys.argv[2] == "term":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
slow = Index("public", "orders", (Key(expression="slowly(id)"),))
apply_sql(lambda: connect(sys.argv[1], read_only=False), [create_statement("orders_slow_idx", slow)])
"""


@pytest.mark.parametrize(("number", "way"), [(signal.SIGINT, "int"), (signal.SIGTERM, "term")])
def test_an_interrupted_process_leaves_nothing_on_the_server(orders, number, way):
    orders.run(SLOWLY, MORE)
    child = subprocess.Popen([sys.executable, "-c", _CHILD, orders.url, way], stderr=subprocess.PIPE)
    waits_until(lambda: building(orders))
    child.send_signal(number)
    begun = time.monotonic()
    _, said = child.communicate(timeout=60)
    # The build would have gone on for half a minute.
    assert time.monotonic() - begun < 15
    assert child.returncode == (143 if way == "term" else -signal.SIGINT), said
    assert not building(orders)
    assert set(orders.indexes("orders")) == {"orders_pkey"}
    # A session's locks go when the server has seen its end, which is a moment after that of the process.
    waits_until(lambda: orders.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0)


def test_the_server_ends_the_build_of_a_client_that_was_killed(orders):
    orders.run(SLOWLY, MORE)
    child = subprocess.Popen([sys.executable, "-c", _CHILD, orders.url, "int"], stderr=subprocess.PIPE)
    waits_until(lambda: building(orders))
    child.kill()
    child.communicate()
    begun = time.monotonic()
    waits_until(lambda: not building(orders))
    assert time.monotonic() - begun < 15


def test_the_journal_says_what_was_done_before_and_after(orders, tmp_path):
    path = tmp_path / "run.jsonl"
    broken = Index("public", "orders", (Key.asc("user_id"),), unique=True)
    apply(
        orders,
        create_statement("orders_user_idx", USER),
        create_statement("broken_key", broken),
        journal=path,
    )
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    told = [line for line in lines if line["event"] not in ("backend", "index")]
    assert [(line["step"], line["event"], line.get("outcome", {}).get("kind")) for line in told] == [
        ("run", "begin", None),
        ("create:public.orders_user_idx", "before", None),
        ("create:public.orders_user_idx", "after", "applied"),
        ("create:public.broken_key", "before", None),
        ("create:public.broken_key", "after", "failed"),
        ("run", "end", None),
    ]
    assert lines[0]["target"]["system_identifier"].isdigit()
    assert lines[0]["target"]["database"] == orders.value("SELECT current_database()")
    assert lines[1]["undo"] == "DROP INDEX CONCURRENTLY public.orders_user_idx"
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_nothing_is_built_when_the_journal_cannot_be_written(orders, tmp_path):
    with pytest.raises(FileRefused):
        apply(orders, create_statement("orders_user_idx", USER), journal=tmp_path / "gone" / "run.jsonl")
    assert set(orders.indexes("orders")) == {"orders_pkey"}


def test_an_interrupt_is_in_the_journal(orders, tmp_path):
    orders.run(SLOWLY)

    def listener(stage, share, detail):
        if "building" in detail:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(orders, create_statement("orders_slow_idx", SLOW), journal=tmp_path / "j", on_event=listener)
    last = json.loads((tmp_path / "j").read_text().splitlines()[-1])
    assert (last["event"], last["by"]) == ("interrupted", "KeyboardInterrupt")


def _write_latency(database, work):
    """The longest wait of two writers, in milliseconds, while ``work`` is done."""
    sql = "UPDATE orders SET total = total + 1 WHERE id = %(id)s"
    mine = WriterProbe(database.open, sql, [{"id": n} for n in range(1, 500)])
    theirs = WriterProbe(database.open, sql, [{"id": n} for n in range(501, 1000)])
    with mine, theirs:
        waits_until(lambda: all(probe.report().count > 10 for probe in (mine, theirs)))
        work()
        done = max(probe.report().count for probe in (mine, theirs))
        waits_until(lambda: all(probe.report().count > done + 10 for probe in (mine, theirs)))
    reports = [mine.report(), theirs.report()]
    assert all(report.errors == () for report in reports)
    return max(report.max_ms for report in reports)


def test_writers_are_held_up_by_a_plain_build_and_not_by_ours(orders):
    orders.run(SLOWLY, "DELETE FROM orders WHERE id > 600")
    ours = _write_latency(orders, lambda: apply(orders, create_statement("orders_slow_idx", SLOW)))
    assert orders.indexes("orders")["orders_slow_idx"].valid
    orders.run("DROP INDEX orders_slow_idx")
    plain = _write_latency(orders, lambda: orders.run("CREATE INDEX orders_slow_idx ON orders (slowly(id))"))
    print(f"longest write: {ours:.0f} ms beside our build, {plain:.0f} ms beside a plain one")
    assert ours < 2500
    assert plain > 2500
