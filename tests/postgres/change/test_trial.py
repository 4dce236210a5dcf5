"""The trial of drops with everything it asks for looked up: the planner twin, the samples, what was taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from indexical.apply.statements import create_statement, drop_statement
from indexical.cli.trialling import PRIMARY, try_drops
from indexical.ddl import create_index
from indexical.model import Index, Key, Statement, Workload
from indexical.model.usage import Reverted
from indexical.pg.indexes import existing_indexes
from indexical.usage import Store, sample

USER = Index("public", "orders", (Key.asc("user_id"),))
WIDER = Index("public", "orders", (Key.asc("user_id"), Key.asc("created_at")))
OF_USER = Statement(
    "of-user", "SELECT total FROM orders WHERE user_id = $1", types=("int4",), samples=(("1",), ("2",))
)
BY_ID = Statement("by-id", "SELECT total FROM orders WHERE id = $1", types=("int8",), samples=(("1",),))


@pytest.fixture
def indexed(orders):
    orders.run(
        "INSERT INTO orders SELECT i, i % 1000, 'PAID', i, '', '2026-02-01'::timestamptz + i * interval '1 minute' "
        "FROM generate_series(2001, 30000) i",
        create_index(USER, "orders_user_idx"),
        "ANALYZE orders",
    )
    return orders


def refused(database, *statements, **options):
    with database.read() as session:
        return {
            each.code: each.message
            for each in try_drops(session, statements, **options)
            if each.severity == "refuse"
        }


def drop(database):
    with database.read() as session:
        found = next(e for e in existing_indexes(session, "public", "orders") if e.name == "orders_user_idx")
    return drop_statement(found)


def sampled(database, path, *, days):
    """A sample as it was days ago."""
    with database.read() as session:
        now = sample(session, PRIMARY)
    then = (datetime.fromisoformat(now.taken_at) - timedelta(days=days)).isoformat(timespec="microseconds")
    with Store(path) as store:
        store.add(replace(now, taken_at=then))


def test_a_statement_of_the_workload_that_needs_the_index_keeps_it(indexed):
    found = refused(indexed, drop(indexed), workload=Workload((OF_USER, BY_ID)), unused_after=0.0)
    assert "without it of-user would cost" in found["T05"]


def test_a_workload_that_does_not_need_the_index_lets_it_go(indexed):
    assert refused(indexed, drop(indexed), workload=Workload((BY_ID,)), unused_after=0.0) == {}


def test_an_index_that_the_same_run_builds_makes_up_for_it(indexed):
    statements = (create_statement("orders_user_created_idx", WIDER), drop(indexed))
    assert refused(indexed, *statements, workload=Workload((OF_USER,)), unused_after=0.0) == {}


def test_fresh_counters_are_too_young_and_own_samples_are_old_enough(indexed, tmp_path):
    path = tmp_path / "usage.sqlite"
    assert list(refused(indexed, drop(indexed), samples=path)) == ["T03"]
    sampled(indexed, path, days=8)
    assert refused(indexed, drop(indexed), samples=path) == {}


def test_a_server_that_was_sampled_once_is_asked_for_again(indexed, tmp_path):
    path = tmp_path / "usage.sqlite"
    sampled(indexed, path, days=8)
    with Store(path) as store, indexed.read() as session:
        other = sample(session, "replica 1")
        store.add(replace(other, taken_at="2026-01-01T00:00:00.000000+00:00"))
    # Its last sample is older than the primary's first, so the two have no time in common.
    assert list(refused(indexed, drop(indexed), samples=path)) == ["T03"]


def test_what_was_taken_back_is_not_built_again_unless_it_is_said(indexed, tmp_path):
    path = tmp_path / "usage.sqlite"
    with Store(path) as store, indexed.read() as session:
        state = sample(session).state
        store.revert(
            Reverted(
                state.system,
                state.database_oid,
                "public",
                "orders",
                WIDER.text,
                "w",
                "2026-01-01",
                "slower writes",
            )
        )
    create = create_statement("orders_user_created_idx", WIDER)
    assert "slower writes" in refused(indexed, create, samples=path)["T08"]
    assert refused(indexed, create, samples=path, again=True) == {}
    assert refused(indexed, create_statement("other", replace(WIDER, include=("total",))), samples=path) == {}


def test_nothing_to_drop_or_build_asks_nothing(indexed, tmp_path):
    assert refused(indexed, workload=Workload((OF_USER,)), samples=tmp_path / "none.sqlite") == {}
    assert not (tmp_path / "none.sqlite").exists()
