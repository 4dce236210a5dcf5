"""Rows 41, 47, 48 of the plan, and the order of a replacement: an index is gone, or as it was, and never half there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.apply import removal
from indexical.apply.build import create_statement, drop_statement
from indexical.apply.index_record import record_index
from indexical.apply.removal import drop, restore_dropped
from indexical.apply.run import Site
from indexical.errors import DatabaseError
from indexical.model import Index, Key
from tests.faults.harness import (
    apply_here,
    at_state,
    build_in_thread,
    expect,
    hold,
    our_backend,
    waits_until,
)

NAME = "orders_old_idx"
NEW = Index("public", "orders", (Key.asc("user_id"), Key.asc("status")))


@pytest.fixture
def old(place):
    """The statement that drops an index which is there, with its record."""
    place.expect_change(NAME, f"{NAME}_cc*")
    place.run(
        f"CREATE INDEX {NAME} ON orders (user_id) WITH (fillfactor = 80)",
        f"COMMENT ON INDEX {NAME} IS 'by hand'",
    )
    found = place.indexes()[NAME]
    with place.open() as session:
        return drop_statement(found), record_index(session, found)


def engine(place, work, *arguments, **options):
    with place.open_ours() as monitor:
        site = Site(place.open_ours, monitor, lambda *_: None, run="test")
        outcome = work(site, *arguments, **options)
    place.says(outcome)
    return outcome


def _switched_off(place, statement, *, second=False):
    """The drop, given up because of a reader, in its first wait or in its second."""
    first = hold(place, "reader")
    held = first.__enter__()
    try:
        build = build_in_thread(place, statement, wait_budget_s=120)
        at_state(place, NAME, "f/t/t")
        pid = our_backend(place, "DROP INDEX")
        # Whom it waits for it has found out by then: who comes now is waited for the second time only.
        waits_until(
            lambda: place.rows(
                f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'"
            )
        )
        if not second:
            place.value(f"SELECT pg_cancel_backend({pid})")
            return build.result()[0]
        with hold(place, "reader"):
            held.release()
            at_state(place, NAME, "f/f/f")
            place.value(f"SELECT pg_cancel_backend({pid})")
            return build.result()[0]
    finally:
        first.__exit__(None, None, None)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(False, marks=pytest.mark.fault(47, "a drop interrupted in its first wait")),
        pytest.param(True, marks=pytest.mark.fault(48, "a drop interrupted in its second wait")),
    ],
)
def test_an_interrupted_drop_says_so_and_the_next_run_finishes_it(place, old, second):
    statement, _ = old
    outcome = _switched_off(place, statement, second=second)
    expect(outcome, "failed", "CLEANUP_PENDING", "57014")
    assert "application reader" in outcome.error
    (again,) = apply_here(place, statement)
    expect(again, "applied")
    assert place.index_state(NAME) == ""


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(False, marks=pytest.mark.fault(47, "a drop interrupted in its first wait")),
        pytest.param(True, marks=pytest.mark.fault(48, "a drop interrupted in its second wait")),
    ],
)
def test_an_interrupted_drop_is_taken_back_on_request(place, old, second):
    statement, record = old
    _switched_off(place, statement, second=second)
    expect(engine(place, restore_dropped, statement, record), "applied")
    assert place.index_state(NAME) == "t/t/t"
    with place.open() as session:
        now = record_index(session, place.indexes()[NAME])
    assert (now.definition, now.comment) == (record.definition, record.comment)
    place.run(f"DROP INDEX {NAME}")


@pytest.mark.guard(47, 48)
def test_without_a_look_at_the_index_an_interrupted_drop_seems_to_have_changed_nothing(
    place, old, monkeypatch
):
    statement, _ = old
    monkeypatch.setattr(removal, "_left", lambda *_: removal.Settled("valid"))
    outcome = _switched_off(place, statement)
    with pytest.raises(AssertionError):
        expect(outcome, "failed", "CLEANUP_PENDING", "57014")
    place.run(f"DROP INDEX {NAME}")


@pytest.mark.fault(47, "a drop interrupted in its first wait")
def test_a_drop_whose_session_is_ended_is_finished_by_itself(place, old):
    statement, _ = old
    with hold(place, "reader") as held:
        build = build_in_thread(place, statement, wait_budget_s=120)
        at_state(place, NAME, "f/t/t")
        place.value(f"SELECT pg_terminate_backend({our_backend(place, 'DROP INDEX')})")
        held.release()
        (outcome,) = build.result()
    expect(outcome, "applied")


def test_what_was_dropped_is_brought_back_with_all_that_it_had(place, old):
    statement, record = old
    expect(apply_here(place, statement)[0], "applied")
    expect(engine(place, restore_dropped, statement, record), "applied")
    with place.open() as session:
        now = record_index(session, place.indexes()[NAME])
    assert (now.definition, now.comment) == (record.definition, record.comment)
    expect(engine(place, restore_dropped, statement, record), "skipped")
    place.run(f"DROP INDEX {NAME}")


def test_an_old_index_stays_until_its_replacement_is_valid(place, old):
    statement, _ = old
    new = create_statement("orders_new_idx", NEW)
    place.expect_statements([new])
    expect(engine(place, drop, statement, after=[new]), "skipped")
    assert place.index_state(NAME) == "t/t/t"
    with hold(place, "writer"), place.open(name="application") as other:
        other.set("lock_timeout", "300ms")
        with pytest.raises(DatabaseError, match="55P03"):
            other.execute(new.sql)
    expect(engine(place, drop, statement, after=[new]), "skipped")
    place.run("DROP INDEX orders_new_idx")
    expect(apply_here(place, new)[0], "applied")
    expect(engine(place, drop, statement, after=[new]), "applied")


@pytest.mark.fault(41, "two schemas, one index name")
def test_a_drop_stays_within_its_schema(place):
    place.run("CREATE INDEX orders_user_idx ON public.orders (user_id)")
    statement = drop_statement(place.indexes()["orders_user_idx"])
    expect(apply_here(place, statement)[0], "applied")
    assert place.index_state("orders_user_idx", "other") == "t/t/t"
    expect(apply_here(place, statement)[0], "skipped")
    assert place.index_state("orders_user_idx", "other") == "t/t/t"


@pytest.mark.guard(41)
def test_a_drop_without_its_schema_takes_the_other_one(place):
    place.allow(catalog={"other.*"})
    place.run("CREATE INDEX orders_user_idx ON public.orders (user_id)")
    statement = drop_statement(place.indexes()["orders_user_idx"])
    unqualified = replace(statement, sql="DROP INDEX CONCURRENTLY orders_user_idx")

    def opened():
        session = place.open_ours()
        session.set("search_path", "other, public")
        session.own_path = "public"  # As if it were closed.
        return session

    apply_here(place, unqualified, open_session=opened)
    with pytest.raises(AssertionError):
        assert place.index_state("orders_user_idx", "other") == "t/t/t"
