"""The program is killed while it rebuilds an index, and while it takes a run back; each is brought to its end afterwards."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import pytest

from indexical.apply.build import create_statement, drop_statement
from indexical.apply.journal import read_run
from indexical.apply.undo import plan_undo
from indexical.model import Applied, Index, Key
from tests.faults.harness import (
    Tool,
    apply_here,
    at_phase,
    at_state,
    build_in_thread,
    expect,
    hold,
    let_go,
    our_backends,
    slow_index,
    waits_until,
)
from tests.faults.taking_up import CREATED, USER, again_changes_nothing, take_up
from tests.faults.test_partitions import DAY, NAME, parts, sales  # noqa: F401
from tests.faults.test_reindex import built_at_once, doubles, slow

_REBUILD = """
import sys
from pathlib import Path
from indexical.apply.build import apply_sql
from indexical.apply.reindex import reindex_statement
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import connect
_, url, name, journal = sys.argv[1:]
with connect(url) as session:
    (found,) = [each for each in existing_indexes(session) if each.name == name]
apply_sql(lambda: connect(url, read_only=False), [reindex_statement(found)], journal=Path(journal))
"""


def killed_rebuild(place, phase, *, before_it=lambda: None):
    journal = place.folder / "rebuild.jsonl"
    with Tool(place, "rebuild", "orders_slow_idx", journal, python=("-c", _REBUILD)) as tool:
        pid = at_phase(place, phase)
        before_it()
        tool.kill()
        assert tool.wait() == 128 + signal.SIGKILL
    waits_until(lambda: pid not in our_backends(place))
    return journal


@pytest.mark.fault(44, "a rebuild ended before the change of places")
def test_a_rebuild_whose_tool_is_killed_is_done_again_without_its_double(place):
    with slow(place):
        before = place.indexes()["orders_slow_idx"].oid
        journal = killed_rebuild(place, "building")
        assert doubles(place) == ["orders_slow_idx_ccnew"]
        assert place.indexes()["orders_slow_idx"].oid == before
        with let_go(place.url):
            (outcome,) = take_up(place, journal)
    expect(outcome, "applied")
    assert place.indexes()["orders_slow_idx"].oid != before
    assert place.index_state("orders_slow_idx") == "t/t/t"
    assert doubles(place) == []
    again_changes_nothing(place, journal)


@pytest.mark.fault(45, "a rebuild ended after the change of places, and again")
def test_a_rebuild_whose_tool_is_killed_after_the_change_of_places_is_not_done_twice(place):
    with slow(place), hold(place, "reader") as held, let_go(place.url):
        held.run("SAVEPOINT read")
        journal = killed_rebuild(place, "before dead")
        held.release()
        after = place.indexes()["orders_slow_idx"].oid
        assert doubles(place) == ["orders_slow_idx_ccold"]
        (outcome,) = take_up(place, journal)
    expect(outcome, "applied")
    assert place.indexes()["orders_slow_idx"].oid == after
    assert doubles(place) == []
    again_changes_nothing(place, journal)


def applied(place, *drops):
    """The journal of a run that has built one index and dropped these."""
    journal = place.folder / "run.jsonl"
    plan = [
        create_statement("orders_new_idx", USER),
        *(drop_statement(place.indexes()[name]) for name in drops),
    ]
    for outcome in apply_here(place, *plan, journal=journal):
        expect(outcome, "applied")
    return journal


def back(place, journal, *, killed=0):
    """Calls it again; what it builds is let go when the backend of the one that was killed is gone."""
    with Tool(place, "rollback", "--journal", journal, "--format", "json") as tool:
        waits_until(lambda: killed not in our_backends(place))
        with let_go(place.url):
            code = tool.wait()
    return code, json.loads(tool.out)


@pytest.mark.fault(11, "the program killed anywhere")
@pytest.mark.parametrize("patient", [True, False], ids=["later", "at-once"])
def test_a_rollback_that_is_killed_while_it_builds_is_called_again_and_ends(place, patient):
    place.expect_change("orders_slow_idx")
    place.run("CREATE INDEX orders_total_idx ON orders (total)")
    index = slow_index(place, 60)
    built_at_once(
        place,
        f"CREATE INDEX orders_slow_idx ON orders ({index.keys[0].expression})",
        "COMMENT ON INDEX orders_slow_idx IS 'for the report of the month'",
    )
    place.allow(catalog={"public.orders"})
    run = applied(place, "orders_slow_idx", "orders_total_idx")
    with Tool(place, "rollback", "--journal", run) as tool:
        at_state(place, "orders_slow_idx", "f/f/t")  # The other one is built before it.
        pid = at_phase(place, "building")
        tool.kill()
        tool.wait()
    if patient:
        waits_until(lambda: pid not in our_backends(place))
        assert place.index_state("orders_slow_idx") == "f/f/t", "what this is about"
    code, told = back(place, run, killed=pid)
    assert code == 0, told["outcomes"]
    assert place.index_state("orders_slow_idx") == "t/t/t"
    assert (
        place.value("SELECT obj_description('public.orders_slow_idx'::regclass)")
        == "for the report of the month"
    )
    assert place.index_state("orders_total_idx") == "t/t/t"
    assert place.index_state("orders_new_idx") == ""
    code, told = back(place, run)
    assert (code, {each["kind"] for each in told["outcomes"]}) == (0, {"skipped"}), told


@pytest.mark.fault(11, "the program killed anywhere")
def test_a_rollback_that_is_killed_while_it_drops_is_called_again_and_ends(place):
    run = applied(place)
    with hold(place, "reader") as held, Tool(place, "rollback", "--journal", run) as tool:
        at_state(place, "orders_new_idx", "f/t/t")
        tool.kill()
        tool.wait()
        waits_until(lambda: not our_backends(place))
        assert place.index_state("orders_new_idx") == "f/t/t"
        held.release()
    code, told = back(place, run)
    assert code == 0, told["outcomes"]
    assert place.index_state("orders_new_idx") == ""


def taken_back(place, journal, *, blocking):
    with place.open_ours() as session:
        undo = plan_undo(session, read_run(journal), blocking=blocking)
    return apply_here(place, *undo.statements, own_way=undo.own_way, verb="rollback"), undo.kept


def test_the_index_of_a_partitioned_table_is_taken_back_only_when_blocking_is_allowed(sales):  # noqa: F811
    sales.allow(waits=True)  # There is no other way.
    journal = sales.folder / "run.jsonl"
    expect(apply_here(sales, create_statement(NAME, DAY), journal=journal)[0], "applied")
    (step,) = read_run(journal).steps
    assert step.index_oid == sales.indexes("sales")[NAME].oid
    assert len(set(step.index_oids)) == 5
    ((outcome,), _) = taken_back(sales, journal, blocking=False)
    expect(outcome, "failed", "NOT_CONCURRENT")
    assert f"DROP INDEX public.{NAME}" in outcome.remedy
    assert "--allow-blocking" in outcome.remedy
    assert all(parts(sales).values())
    ((outcome,), _) = taken_back(sales, journal, blocking=True)
    expect(outcome, "applied")
    assert parts(sales) == {}


def test_of_one_that_was_not_finished_the_parts_go_as_well(sales):  # noqa: F811
    sales.allow(waits=True)
    journal = sales.folder / "run.jsonl"
    with hold(sales, "writer", "sales_a2"):
        build = build_in_thread(sales, create_statement(NAME, DAY), cleanup_wait_s=60, journal=journal)
        waits_until(lambda: parts(sales).get(f"{NAME}_sales_a1"))
        pid = at_phase(sales, "before build", table="sales_a2")
        sales.value(f"SELECT pg_cancel_backend({pid})")
        waits_until(lambda: not sales.rows("SELECT 1 FROM pg_stat_progress_create_index"))
    expect(build.result()[0], "failed", "CANCELLED")
    assert f"{NAME}_sales_a1" in parts(sales)
    sales.run("CREATE INDEX by_hand ON sales_b (day, shop)")
    outcomes, _ = taken_back(sales, journal, blocking=True)
    assert all(isinstance(each, Applied) for each in outcomes), outcomes
    assert parts(sales) == {"by_hand": True}


def test_an_index_that_has_become_valid_is_not_taken_away(place, monkeypatch):
    from indexical.apply import leftover

    place.run("CREATE INDEX orders_kept_idx ON orders (user_id)")
    with place.open_ours() as session:
        named = leftover.named(session, "public", "orders_kept_idx")
        # As it was read a moment before its build came to its end.
        earlier = replace(named, valid=False)
        from indexical.apply.run import Site

        settled = leftover.take_away(Site(place.open_ours, session, lambda *_: None), session, earlier)
    assert settled.kind == "valid"
    assert place.index_state("orders_kept_idx") == "t/t/t"


def test_what_a_journal_calls_the_way_back_is_never_run(place):
    from indexical.apply.index_record import record_index
    from indexical.apply.removal import restore_dropped
    from indexical.apply.run import Site

    place.run(
        "CREATE INDEX orders_kept_idx ON orders (user_id)", "COMMENT ON INDEX orders_kept_idx IS 'kept'"
    )
    found = place.indexes()["orders_kept_idx"]
    with place.open_ours() as session:
        record = record_index(session, found)
        statement = drop_statement(found)
        expect(apply_here(place, statement)[0], "applied")
        forged = replace(
            record, restore=("CREATE INDEX orders_forged_idx ON orders (status)", "DELETE FROM orders")
        )
        outcome = restore_dropped(Site(place.open_ours, session, lambda *_: None), statement, forged)
    expect(outcome, "applied")
    assert outcome.note == ""
    assert place.indexes().keys() >= {"orders_kept_idx"}
    assert "orders_forged_idx" not in place.indexes()
    assert place.indexes()["orders_kept_idx"].comment == "kept"


def test_the_bar_of_a_run_never_goes_back(sales):  # noqa: F811
    shares = []
    apply_here(
        sales,
        create_statement(NAME, DAY),
        create_statement("orders_new_idx", CREATED),
        on_event=lambda _stage, share, _detail: shares.append(share),
    )
    assert shares == sorted(shares)
    assert 0 < max(shares) <= 1


def test_statistics_of_an_expression_are_an_event_of_their_own(place):
    place.allow(catalog={"public.orders"})
    journal = place.folder / "run.jsonl"
    lower = Index("public", "orders", (Key(expression="lower(note)"),))
    expect(apply_here(place, create_statement("orders_note_idx", lower), journal=journal)[0], "applied")
    events = [json.loads(line)["event"] for line in journal.read_text().splitlines()]
    assert events.count("backend") == 1
    assert events.count("analyze") == 1
