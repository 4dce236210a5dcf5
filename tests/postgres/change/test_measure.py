"""Measuring on real servers: what is faster, what writes cost, which updates stay heap-only."""

from __future__ import annotations

import time

import pytest
from tests.postgres.change.conftest import waits_until

from indexical.measure.hot import HotPath, measure_hot
from indexical.measure.lockprobe import WriterProbe
from indexical.measure.reads import common, measure, p95_ms, total_ms
from indexical.measure.writes import WritePath, measure_writes
from indexical.model import (
    HotMeasurement,
    Index,
    Key,
    Measurement,
    NotMeasured,
    Statement,
    Workload,
    WriteMeasurement,
)
from indexical.pg.session import connect

_FILL = (
    "INSERT INTO orders SELECT i, i % 1000, CASE WHEN i % 50 = 0 THEN 'PENDING' ELSE 'PAID' END, i, '', "
    "'2026-02-01'::timestamptz + i * interval '1 minute' FROM generate_series(2001, 60000) i"
)
OF_USER = Statement(
    "of-user",
    "SELECT id FROM orders WHERE user_id = $1",
    calls=10,
    types=("int4",),
    samples=(("700",), ("800",), ("900",)),
)
BY_KEY = Statement(
    "by-key", "SELECT note FROM orders WHERE id = $1", calls=2, types=("int8",), samples=(("9",),)
)


@pytest.fixture
def pair(change_server, orders):
    """Two databases with the same 60 000 orders; the second has an index on the user."""
    orders.run(_FILL, "ANALYZE orders")
    name = orders.value("SELECT current_database()")
    type(orders)(change_server.url()).run(f"CREATE DATABASE {name}_b TEMPLATE {name}")
    second = type(orders)(change_server.url(f"{name}_b"))
    second.run("CREATE INDEX orders_user_idx ON orders (user_id)")
    yield orders, second
    type(orders)(change_server.url()).run(f"DROP DATABASE {name}_b WITH (FORCE)")


def run(databases, *statements, **options):
    sessions = {name: database.read() for name, database in databases.items()}
    try:
        return measure(sessions, Workload(tuple(statements)), **options)
    finally:
        for session in sessions.values():
            session.close()


def test_a_statement_that_an_index_serves_is_seen_to_be_faster(pair):
    results = run({"before": pair[0], "after": pair[1]}, OF_USER, BY_KEY)
    before, after = results["before"][0], results["after"][0]
    assert before.median_ms > after.median_ms > 0
    assert before.median_ms <= before.p95_ms
    assert (before.runs, before.samples, before.calls, before.rows, after.rows) == (7, 3, 10, 58, 58)
    assert (before.indexes, after.indexes) == ((), ("orders_user_idx",))
    assert Index("public", "orders", (Key.asc("user_id"),)) in after.plan.indexes
    assert before.buffers > 100
    assert 0 < after.buffers < before.buffers / 2
    assert total_ms(results["before"]) > total_ms(results["after"])
    assert p95_ms(results["before"]) == before.median_ms


def test_two_equal_databases_measure_alike(pair):
    pair[1].run("DROP INDEX orders_user_idx")
    results = run({"a": pair[0], "b": pair[1]}, OF_USER, runs=31)
    assert 0.6 < results["a"][0].median_ms / results["b"][0].median_ms < 1.6


def test_a_slow_statement_is_run_less_often_and_says_so(orders):
    slow = Statement(
        "slow",
        "SELECT pg_sleep(0.05) FROM orders WHERE id = $1",
        types=("int8",),
        samples=(("1",), ("2",), ("3",)),
    )
    (found,) = run({"a": orders}, slow, budget_ms_per_statement=150)["a"]
    assert (found.runs, found.samples) == (3, 1)
    assert found.median_ms >= 50


def test_what_cannot_be_measured_says_why_and_the_others_are_measured(orders):
    orders.run("CREATE SEQUENCE numbers")
    statements = [
        Statement("writes", "UPDATE orders SET total = 0", kind="update"),
        Statement("no-values", "SELECT 1 FROM orders WHERE id = $1", types=("int8",)),
        Statement("left-out", "SELECT 1 FROM orders WHERE id = $1", types=("int8",), samples=((None,),)),
        Statement("hidden-write", "SELECT nextval('numbers')"),
        Statement("locks", "SELECT id FROM orders WHERE id = 1 FOR UPDATE"),
        Statement("broken", "SELECT gone FROM orders"),
        BY_KEY,
    ]
    found = run({"a": orders}, *statements)["a"]
    assert [type(each) for each in found] == [NotMeasured] * 6 + [Measurement]
    assert "writing" in found[0].reason
    assert "no values" in found[1].reason
    assert "left out" in found[2].reason
    assert [each.what for each in found[:3]] == ["writes", "no-values", "left-out"]
    assert "writing" in found[3].reason
    assert "writing" in found[4].reason
    assert "refused" in found[5].reason
    assert orders.value("SELECT count(*) FROM orders WHERE total = 0") == 0
    assert orders.value("SELECT is_called FROM numbers") is False


def test_a_statement_timeout_on_one_database_is_told_and_does_not_hide_the_other(pair):
    slow, fast = pair
    slow.run("CREATE FUNCTION pause() RETURNS int STABLE LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(30)'")
    fast.run("CREATE FUNCTION pause() RETURNS int STABLE LANGUAGE sql AS 'SELECT 1'")
    statement = Statement("pause", "SELECT pause()")
    sessions = {
        "slow": connect(slow.url, statement_timeout_ms=1500),
        "fast": connect(fast.url, statement_timeout_ms=1500),
    }
    results = measure(sessions, Workload((statement, BY_KEY)))
    for session in sessions.values():
        session.close()
    assert results["slow"][0].reason == "it ran into the statement timeout"
    assert isinstance(results["fast"][0], Measurement)
    assert isinstance(results["slow"][1], Measurement)
    assert [each.id for each in common(results)["fast"]] == ["by-key"]


def test_each_further_index_makes_an_insert_dearer(pair):
    plain, indexed = pair
    indexed.run(
        "CREATE INDEX ON orders (status, total)",
        "CREATE INDEX ON orders (md5(id::text))",
        "CREATE INDEX ON orders (created_at, note)",
    )
    path = WritePath(
        "order",
        "INSERT INTO orders SELECT 100000 + i, i * 7919 %% 1000, 'PAID', i, 'n', now() FROM generate_series(1, %(rows)s) i",
        2000,
    )
    sessions = {"plain": plain.open(), "indexed": indexed.open()}
    results = measure_writes(sessions, [path])
    for session in sessions.values():
        session.close()
    before, after = results["plain"][0], results["indexed"][0]
    assert isinstance(before, WriteMeasurement)
    assert after.us_per_row > 1.5 * before.us_per_row > 0
    assert plain.value("SELECT count(*) FROM orders") == indexed.value("SELECT count(*) FROM orders") == 60000


def test_a_write_that_is_refused_says_so_and_leaves_the_session_usable(orders):
    paths = [
        WritePath("broken", "INSERT INTO orders SELECT 1 FROM generate_series(1, %(rows)s)", 10),
        WritePath("update", "UPDATE orders SET total = total + 1 WHERE id <= %(rows)s", 100),
    ]
    with orders.open() as session:
        broken, update = measure_writes({"a": session}, paths)["a"]
    assert isinstance(broken, NotMeasured)
    assert update.us_per_row > 0
    assert orders.value("SELECT total FROM orders WHERE id = 1") == 1


STATUS = HotPath(
    "order.status",
    "SELECT id FROM orders WHERE status = 'PAID' ORDER BY id",
    "UPDATE orders SET status = CASE status WHEN 'PAID' THEN 'SENT' ELSE 'PAID' END WHERE id = %(id)s",
)


def test_updates_stay_heap_only_until_an_index_covers_the_column(orders):
    with orders.open() as session:
        (before,) = measure_hot({"a": session}, [STATUS], disposable=["a"])["a"]
        orders.run("CREATE INDEX orders_status_idx ON orders (status)")
        (after,) = measure_hot({"a": session}, [STATUS], disposable=["a"])["a"]
    assert (before.updates, before.share) == (100, 1.0)
    assert (after.updates, after.share) == (100, 0.0)


def test_a_database_that_is_not_disposable_is_not_written_to(orders):
    with orders.open() as session:
        (found,) = measure_hot({"a": session}, [STATUS], disposable=[])["a"]
    assert isinstance(found, NotMeasured)
    assert orders.value("SELECT count(*) FROM orders WHERE status = 'SENT'") == 0


def test_a_path_that_updates_nothing_is_not_measured(orders):
    paths = [
        HotPath("none", "SELECT id FROM orders WHERE false", STATUS.sql),
        HotPath("select", STATUS.pick, "SELECT id FROM orders WHERE id = %(id)s"),
        HotPath("elsewhere", STATUS.pick, "UPDATE orders SET total = 0 WHERE id = -%(id)s::bigint"),
    ]
    with orders.open() as session:
        found = measure_hot({"a": session}, paths, disposable=["a"])["a"]
    assert [type(each) for each in found] == [NotMeasured] * 3
    assert not any(isinstance(each, HotMeasurement) for each in found)


_WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'UPDATE%'"
)


def test_the_writer_probe_sees_a_lock_that_it_had_to_wait_for(orders):
    sql = "UPDATE orders SET total = total + 1 WHERE id = %(id)s"
    with WriterProbe(orders.open, sql, [{"id": 1}, {"id": 2}]) as probe, orders.open() as other:
        waits_until(lambda: probe.report().count > 10)
        calm = probe.report()
        other.execute("BEGIN")
        other.execute("LOCK TABLE orders IN SHARE MODE")
        waits_until(lambda: orders.value(_WAITING) == 1)
        time.sleep(1.5)
        other.execute("ROLLBACK")
        waits_until(lambda: probe.report().count > calm.count + 10)
    report = probe.report()
    assert calm.max_ms < 1500
    assert report.max_ms >= 1500
    assert report.errors == ()


def test_the_writer_probe_reports_what_the_database_refuses(orders):
    with WriterProbe(orders.open, "UPDATE gone SET a = 1 WHERE id = %(id)s", [{"id": 1}]) as probe:
        waits_until(lambda: probe.report().count)
    assert len(probe.report().errors) == 1
