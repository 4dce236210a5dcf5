"""Rows 21, 23 and 25: whom a build would wait for is found and named before it begins."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from indexical.apply.checks.traffic import running, transactions
from indexical.apply.findings import Finding
from indexical.apply.statements import create_statement
from indexical.errors import DatabaseError
from indexical.model import Index
from indexical.pg.session import Session
from tests.faults.harness import (
    Place,
    apply_here,
    at_phase,
    build_in_thread,
    expect,
    hold,
    waits_until,
)
from tests.faults.looking import USER, look, only, refused, take_out

BUILD = ("orders_by_user", USER)
CANCELLED = "57014"
ONLOOKERS = ("'harness sampler'", "'application writer'")


def in_the_way(place: Place) -> tuple[Finding, ...]:
    """What is found where a snapshot of any age is an obstacle.

    The harness's own two look and write twenty times a second, and may be in the middle of it at that moment.
    """
    findings = look(place, BUILD, snapshot_seconds=0.0)
    return tuple(each for each in findings if not any(name in each.message for name in ONLOOKERS))


@contextmanager
def in_thread(session: Session, statement: str) -> Iterator[threading.Thread]:
    """A statement of the application's under way; it is waited for at the end."""

    def run() -> None:
        try:
            session.execute(statement)
        except DatabaseError as error:
            if error.code != CANCELLED:
                raise

    work = threading.Thread(target=run, daemon=True)
    work.start()
    yield work
    work.join(60)
    assert not work.is_alive()


@pytest.mark.fault(21, "old snapshot, cursor or long SELECT")
def test_an_old_snapshot_is_refused_with_its_session_and_without_its_values(place: Place) -> None:
    with hold(place, "snapshot") as held:
        finding = only(in_the_way(place), "P12")
        assert finding.severity == "refuse"
        assert f"pid {held.pid} (role postgres, 'application snapshot')" in finding.message
        assert "running: SELECT ? FROM pg_catalog.pg_class" in finding.message
    # The server ends a session a moment after it was closed.
    waits_until(lambda: in_the_way(place) == (), what="the end of the snapshot")


@pytest.mark.fault(21, "old snapshot, cursor or long SELECT")
def test_an_open_cursor_is_refused(place: Place) -> None:
    with place.open(name="application cursor") as reader:
        reader.execute("BEGIN")
        reader.execute("DECLARE walk CURSOR FOR SELECT id FROM public.orders")
        reader.execute("FETCH 1 FROM walk")
        assert f"pid {reader.backend_pid} " in only(in_the_way(place), "P12").message


@pytest.mark.fault(21, "old snapshot, cursor or long SELECT")
def test_a_long_select_is_refused(place: Place) -> None:
    with place.open(name="application report") as reader, in_thread(reader, "SELECT pg_sleep(50)"):
        named = f"pid {reader.backend_pid} "
        waits_until(
            lambda: any(
                finding.code == "P12" and named in finding.message
                for finding in look(place, BUILD, snapshot_seconds=0.3)
            ),
            40,
            what="the refusal",
        )
        reader.cancel()


@pytest.mark.fault(21, "old snapshot, cursor or long SELECT")
def test_an_idle_reader_is_no_obstacle(place: Place) -> None:
    with place.open(name="application idle") as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT 1 FROM public.orders LIMIT 1")
        # The unnamed portal keeps its snapshot until the next statement takes its place.
        reader.execute("SET LOCAL work_mem = '4MB'")
        assert in_the_way(place) == ()


@pytest.mark.guard(21)
def test_without_the_check_the_build_begins_and_stands_behind_the_snapshot(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, transactions)
    with hold(place, "snapshot"):
        assert refused(look(place, BUILD, snapshot_seconds=0.0)) == []
        build = build_in_thread(place, create_statement(*BUILD))
        at_phase(place, "old snapshots")
    expect(build.result()[0], "applied")


def prepared(place: Place, gid: str, statement: str) -> None:
    with place.open(name="application prepares") as session:
        session.execute("BEGIN")
        session.execute(statement)
        session.execute(f"PREPARE TRANSACTION '{gid}'")


@pytest.mark.fault(23, "prepared transaction")
def test_a_prepared_transaction_is_named_with_its_owner_and_never_ended(place: Place) -> None:
    prepared(place, "transfer 7", "UPDATE public.orders SET total = total WHERE id = 1")
    try:
        finding = only(look(place, BUILD), "P13")
        assert (finding.severity, finding.subject) == ("refuse", "public.orders")
        assert "prepared transaction 'transfer 7' (role postgres)" in finding.message
        assert place.value("SELECT count(*) FROM pg_prepared_xacts WHERE gid = 'transfer 7'") == 1
    finally:
        place.run("ROLLBACK PREPARED 'transfer 7'")
    assert look(place, BUILD) == ()


@pytest.mark.fault(23, "prepared transaction")
def test_a_prepared_transaction_on_another_table_is_no_obstacle(place: Place) -> None:
    prepared(place, "elsewhere", "UPDATE public.bystander SET code = code WHERE id = 1")
    try:
        assert look(place, BUILD) == ()
    finally:
        place.run("ROLLBACK PREPARED 'elsewhere'")


@pytest.mark.guard(23)
def test_without_the_check_the_build_stands_behind_the_prepared_transaction(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, transactions)
    prepared(place, "transfer 8", "UPDATE public.orders SET total = total WHERE id = 1")
    try:
        assert refused(look(place, BUILD)) == []
        build = build_in_thread(place, create_statement(*BUILD))
        at_phase(place, "before build")
    finally:
        place.run("ROLLBACK PREPARED 'transfer 8'")
    expect(build.result()[0], "applied")


@contextmanager
def foreign_build(place: Place) -> Iterator[None]:
    """Somebody else's concurrent build on the table, which waits for a writer for as long as the context lasts."""
    place.expect_change("theirs_idx")
    statement = "CREATE INDEX CONCURRENTLY theirs_idx ON public.orders (status)"
    with (
        place.open(name="application builds") as other,
        hold(place, "writer") as writer,
        in_thread(other, statement),
    ):
        at_phase(place, "before build", ours="application builds")
        yield
        writer.release()


@pytest.mark.fault(25, "foreign CIC on the table")
def test_another_build_on_the_table_is_refused_and_goes_on(place: Place) -> None:
    with foreign_build(place):
        finding = only(look(place, BUILD), "P10")
        assert finding.severity == "refuse"
        assert "builds an index on it" in finding.message
        assert refused(look(place, ("other_by_user", Index("other", "orders", USER.keys)))) == []
    assert place.index_state("theirs_idx") == "t/t/t"


@pytest.mark.guard(25)
def test_without_the_check_the_second_build_is_tried(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    take_out(monkeypatch, running)
    with foreign_build(place):
        assert refused(look(place, BUILD)) == []
        (outcome,) = apply_here(place, create_statement(*BUILD), lock_wait_ms=100)
    expect(outcome, "failed", "LOCK")
    assert place.index_state("theirs_idx") == "t/t/t"
