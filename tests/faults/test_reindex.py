"""Rows 44-46 of the plan: a rebuild that is ended before and after the change of places, and what it must not leave."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from indexical.apply import reindex
from indexical.apply.reindex import leftovers, rebuild, reindex_statement, standing
from indexical.apply.run import Site
from indexical.errors import DatabaseError
from indexical.model import Applied, Failed, Index, Key
from tests.faults.harness import (
    apply_here,
    at_phase,
    build_in_thread,
    expect,
    hold,
    let_go,
    slow_index,
    waits_until,
)

NAME = "orders_slow_idx"
LONG = "n" * 63


@contextmanager
def slow(place, name=NAME):
    """An index whose building lasts for a minute, or until it is let go, with the statement that rebuilds it."""
    place.expect_change(name, f"{name[:50]}*_cc*")
    index = slow_index(place, 60)
    built_at_once(place, f"CREATE INDEX {name} ON orders ({index.keys[0].expression})")
    place.allow(catalog={"public.orders"})  # The statistics and the size of the new index are its own.
    yield reindex_statement(place.indexes()[name])


def built_at_once(place, *statements):
    """Runs them while slow builds are let go, and returns when that is over."""
    with let_go(place.url):
        place.run(*statements)
    waits_until(lambda: not place.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"))


def doubles(place):
    return [
        row["relname"]
        for row in place.rows("SELECT relname FROM pg_class WHERE relname ~ '_cc(new|old)' ORDER BY 1")
    ]


@pytest.mark.fault(44, "a rebuild ended before the change of places")
@pytest.mark.parametrize("way", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_rebuild_ended_before_the_change_leaves_the_index_as_it_was(place, way):
    _ended_before(place, way)


@pytest.mark.guard(44)
def test_without_the_look_afterwards_the_double_stays(place, monkeypatch):
    monkeypatch.setattr(reindex, "leftovers", lambda *_: ())
    with pytest.raises(AssertionError):
        _ended_before(place, "pg_cancel_backend")
    place.run(f"DROP INDEX {NAME}_ccnew")


def _ended_before(place, way, name=NAME):
    with slow(place, name) as statement:
        before = place.indexes()[name].oid
        build = build_in_thread(place, statement)
        pid = at_phase(place, "building")
        place.value(f"SELECT {way}({pid})")
        (outcome,) = build.result()
    expect(outcome, "failed", "CANCELLED" if "cancel" in way else "TERMINATED")
    assert place.indexes()[name].oid == before
    assert place.index_state(name) == "t/t/t"
    assert doubles(place) == []


@pytest.mark.fault(45, "a rebuild ended after the change of places, and again")
def test_a_rebuild_ended_after_the_change_keeps_the_new_index_only(place):
    _ended_after(place)


@pytest.mark.guard(45)
def test_a_search_for_what_was_not_there_before_misses_the_former_index(place, monkeypatch):
    monkeypatch.setattr(reindex, "_replaced", lambda *_: False)
    with pytest.raises(AssertionError):
        _ended_after(place)
    place.run(f"DROP INDEX {NAME}_ccold")


def _ended_after(place):
    # A reader holds up what comes after the change of places, and nothing before it.
    with slow(place) as statement, hold(place, "reader") as held, let_go(place.url):
        held.run("SAVEPOINT read")  # Ends the portal of what was read, and its snapshot with it.
        before = place.indexes()[NAME].oid
        build = build_in_thread(place, statement, cleanup_wait_s=60)
        pid = at_phase(place, "before dead")
        place.value(f"SELECT pg_cancel_backend({pid})")
        waits_until(lambda: doubles(place) == [f"{NAME}_ccold"])
        held.release()
        (outcome,) = build.result()
    expect(outcome, "applied")
    assert place.indexes()[NAME].oid != before
    assert place.index_state(NAME) == "t/t/t"
    assert doubles(place) == []


@pytest.mark.fault(45, "a rebuild ended after the change of places, and again")
def test_a_leftover_of_somebody_elses_rebuild_is_left_alone_and_never_rebuilt(place):
    place.run("CREATE INDEX orders_user_id_idx ON orders (user_id)")
    with hold(place, "writer"), place.open(name="application") as other:
        other.set("lock_timeout", "500ms")
        with pytest.raises(DatabaseError, match="55P03"):
            other.execute("REINDEX INDEX CONCURRENTLY orders_user_id_idx")
    assert doubles(place) == ["orders_user_id_idx_ccnew"]
    place.settle()
    place.expect_change("orders_user_id_idx")
    found = place.indexes()
    (outcome,) = apply_here(place, reindex_statement(found["orders_user_id_idx_ccnew"]))
    expect(outcome, "failed", "CHANGED")
    (outcome,) = apply_here(place, reindex_statement(found["orders_user_id_idx"]))
    expect(outcome, "applied")
    assert doubles(place) == ["orders_user_id_idx_ccnew"]


@pytest.mark.fault(46, "names of 63 bytes, and TOAST")
def test_of_two_doubles_only_the_one_of_this_run_goes(place):
    with slow(place) as statement:
        for _ in range(2):
            with hold(place, "writer"), place.open(name="application") as other:
                other.set("lock_timeout", "300ms")
                with pytest.raises(DatabaseError, match="55P03"):
                    other.execute(statement.sql)
        theirs = [f"{NAME}_ccnew", f"{NAME}_ccnew1"]
        assert doubles(place) == theirs
        place.settle()
        build = build_in_thread(place, statement)
        pid = at_phase(place, "building")
        assert doubles(place) == [*theirs, f"{NAME}_ccnew2"]
        place.value(f"SELECT pg_cancel_backend({pid})")
        expect(build.result()[0], "failed", "CANCELLED", "57014")
    assert doubles(place) == theirs
    assert place.index_state(NAME) == "t/t/t"


@pytest.mark.fault(46, "names of 63 bytes, and TOAST")
def test_a_cut_name_is_found_by_what_it_is(place):
    _ended_before(place, "pg_cancel_backend", LONG)


@pytest.mark.guard(46)
def test_a_search_by_name_misses_a_cut_one(place, monkeypatch):
    monkeypatch.setattr(
        reindex,
        "leftovers",
        lambda session, record: tuple(
            member for member in standing(session, record.table_oid).members if member.name == f"{LONG}_ccnew"
        ),
    )
    with pytest.raises(AssertionError):
        _ended_before(place, "pg_cancel_backend", LONG)
    place.run(f"DROP INDEX {doubles(place)[0]}")


@pytest.mark.fault(46, "names of 63 bytes, and TOAST")
def test_what_a_rebuild_of_a_whole_table_leaves_is_found_in_the_toast_table_too(place):
    place.allow(catalog={"public.*", "pg_toast.*"})
    oid = place.value("SELECT 'public.orders'::regclass::oid::bigint")
    with place.open() as session:
        record = standing(session, oid)
    with hold(place, "writer"), place.open(name="application") as other:
        other.set("lock_timeout", "500ms")
        with pytest.raises(DatabaseError, match="55P03"):
            other.execute("REINDEX TABLE CONCURRENTLY orders")
    with place.open() as session:
        left = leftovers(session, record)
    assert sorted(member.schema for member in left) == ["pg_toast", "public"]
    place.expect_change("orders_pkey_ccnew")
    site_settled = _cleaned(place, left)
    assert site_settled is None
    assert doubles(place) == []


def _cleaned(place, left):
    with place.open_ours() as monitor, place.open_ours() as session:
        return reindex._cleaned(Site(place.open_ours, monitor, lambda *_: None), session, left)


@pytest.mark.fault(46, "names of 63 bytes, and TOAST")
def test_the_index_of_a_toast_table_is_rebuilt(place):
    toast = place.rows(
        "SELECT t.relname AS table, i.relname AS index FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid "
        "JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid "
        "WHERE c.oid = 'public.orders'::regclass"
    )[0]
    place.allow(catalog={"pg_toast.*"})
    index = Index("pg_toast", toast["table"], (Key.asc("chunk_id"), Key.asc("chunk_seq")), unique=True)
    (outcome,) = apply_here(place, reindex.reindex(index, toast["index"]))
    expect(outcome, "applied")


def test_an_exclusion_constraint_is_refused_before_anything_is_done(place):
    place.run("CREATE TABLE slots (r int4range, EXCLUDE USING gist (r WITH &&))")
    found = place.indexes("slots")["slots_r_excl"]
    with place.open_ours() as monitor:
        outcome = rebuild(Site(place.open_ours, monitor, lambda *_: None), reindex_statement(found))
    assert isinstance(outcome, Failed)
    assert outcome.code == "NOT_CONCURRENT"
    assert not isinstance(outcome, Applied)
