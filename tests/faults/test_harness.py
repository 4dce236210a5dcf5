"""The harness itself: what goes well passes, and every invariant that is broken on purpose is told by its number."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from indexical.apply.build import create_statement
from indexical.errors import DatabaseError
from indexical.model import Applied, Failed, Index, Key
from tests.faults.harness import (
    InvariantBroken,
    Place,
    Tool,
    advice_file,
    apply_here,
    at_phase,
    at_state,
    build_in_thread,
    expect,
    files_are_private,
    hold,
    nothing_changes,
    nothing_left_in,
    place_on,
    promote,
    slow_index,
    standby,
    waits_until,
    watched,
)
from tests.faults.harness.invariants import secrets_told
from tests.faults.harness.sampler import behind

USER = Index("public", "orders", (Key.asc("user_id"),))
_NUMBERS = itertools.count(1)


@pytest.fixture
def broken(cluster, tmp_path):
    """A place in which an invariant is going to be broken; the test fails when nobody notices."""

    @contextmanager
    def breaking(told: str, *, also: bool = False) -> Iterator[Place]:
        # What stays until its test ends is not worth waiting for; the other sessions need a moment to go.
        patience_s = 0.3 if told.startswith("I7") else 15
        with place_on(cluster, f"broken_{next(_NUMBERS)}", tmp_path) as place:
            with pytest.raises(InvariantBroken) as caught, watched(place, patience_s=patience_s):
                yield place
            message = str(caught.value)
            assert told in message
            if not also:
                numbers = {line[:2] for line in message.splitlines()}
                assert numbers == {told[:2]}, message

    return breaking


def ours(place: Place, *statements: str) -> None:
    """Runs statements as a session of ours, and leaves what they leave when one of them fails."""
    with place.open(name="indexical by hand") as session:
        for statement in statements:
            with suppress(DatabaseError):
                session.execute(statement)


def test_a_build_that_goes_well_breaks_nothing(place):
    (outcome,) = apply_here(place, create_statement("orders_user_new_idx", USER))
    expect(outcome, "applied")
    assert place.index_state("orders_user_new_idx") == "t/t/t"


def test_the_command_line_builds_too(place):
    with Tool(place, "apply", "--advice", advice_file(place, creates=[("orders_new_idx", USER)])) as tool:
        assert tool.wait() == 0, tool.err
    assert place.index_state("orders_new_idx") == "t/t/t"


def test_a_build_is_met_in_its_phase_and_ended(place):
    build = build_in_thread(place, create_statement("orders_slow_idx", slow_index(place)))
    pid = at_phase(place, "building")
    place.value(f"SELECT pg_cancel_backend({pid})")
    (outcome,) = build.result()
    assert isinstance(outcome, Failed)
    assert place.index_state("orders_slow_idx") == ""


def test_a_writer_in_the_way_holds_the_first_phase(place):
    with hold(place, "writer"):
        build = build_in_thread(place, create_statement("orders_user_new_idx", USER))
        at_phase(place, "before build")
    expect(build.result()[0], "applied")


def test_a_snapshot_in_the_way_holds_the_last_phase(place):
    with hold(place, "snapshot"):
        build = build_in_thread(place, create_statement("orders_user_new_idx", USER))
        at_phase(place, "old snapshots")
        assert place.index_state("orders_user_new_idx") == "f/t/t"
    expect(build.result()[0], "applied")


def test_what_a_test_changes_itself_is_no_breach(place):
    place.run("CREATE TABLE public.later (a int)", "DELETE FROM public.orders WHERE id > 100")
    with place.mine(), place.open() as session:
        session.execute("DROP INDEX public.bystander_code_idx")


def test_a_server_comes_back_after_a_crash_with_what_was_committed(own_place):
    own_place.run("CREATE TABLE public.kept (a int)")
    own_place.cluster.crash()
    assert not own_place.cluster.running
    own_place.cluster.start()
    assert own_place.value("SELECT count(*) FROM public.kept") == 0


def test_a_server_comes_back_twice_and_takes_settings(own_place):
    own_place.cluster.crash()
    own_place.cluster.start()
    own_place.cluster.set(log_min_messages="warning", max_connections="50")
    assert own_place.cluster.settings["max_connections"] == "50"
    own_place.cluster.restart("immediate")
    assert own_place.value("SELECT 1") == 1


def test_one_killed_backend_takes_all_sessions_and_the_server_comes_back(own_place):
    with own_place.open() as session:
        own_place.cluster.kill_backend(session.backend_pid)
        with pytest.raises(DatabaseError):
            session.rows("SELECT pg_sleep(2)")
    own_place.cluster.wait_ready()
    assert own_place.value("SELECT 1") == 1


def test_a_standby_follows_and_takes_over(own_place):
    with standby(own_place.cluster) as copy:
        assert copy.settings["transaction_read_only"] == "on"
        promote(copy)
        assert copy.settings["transaction_read_only"] == "off"


def test_i1_an_invalid_index_of_ours_is_told(broken):
    with broken("I1: index public.orders_user_key is left behind as f/f/t") as place:
        place.expect_change("orders_user_key")
        ours(place, "CREATE UNIQUE INDEX CONCURRENTLY orders_user_key ON public.orders (user_id)")


def test_i1_an_index_that_was_valid_and_is_not_any_more_is_told(broken):
    told = "I1: index public.bystander_code_idx was t/t/t and is f/t/t"
    with broken(told, also=True) as place, hold(place, "reader", "bystander"):
        ours(place, "SET lock_timeout = '100ms'", "DROP INDEX CONCURRENTLY public.bystander_code_idx")
        at_state(place, "bystander_code_idx", "f/t/t")


def test_i1_an_index_that_the_test_allows_is_not_told(place):
    place.allow(pending="this test leaves one")
    ours(place, "CREATE UNIQUE INDEX CONCURRENTLY orders_user_key ON public.orders (user_id)")
    assert place.index_state("orders_user_key") == "f/f/t"


def test_i1_the_invalid_index_of_a_partitioned_table_is_not_told(place):
    place.expect_change("events_id_idx")
    ours(place, "CREATE INDEX events_id_idx ON ONLY public.events (id)")
    assert place.index_state("events_id_idx") == "f/t/t"


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("CREATE INDEX one_more_idx ON public.orders (total)", "index public.one_more_idx appeared"),
        ("DROP INDEX other.orders_user_idx", "index other.orders_user_idx is gone"),
        ("REINDEX INDEX other.orders_user_idx", "index other.orders_user_idx changed"),
        ("COMMENT ON INDEX public.bystander_code_idx IS NULL", "index public.bystander_code_idx changed"),
        ("ALTER INDEX public.bystander_code_idx SET (fillfactor = 90)", "index public.bystander_code_idx changed"),
        ("CLUSTER public.bystander USING bystander_pkey", "index public.bystander_pkey changed"),
        ("ALTER TABLE public.bystander REPLICA IDENTITY FULL", "relation public.bystander changed"),
        ("ALTER TABLE public.bystander ADD COLUMN x int", "column public.bystander.x appeared"),
        ("ALTER TABLE public.bystander ALTER code SET DEFAULT 3", "column public.bystander.code changed"),
        ("ALTER TABLE public.bystander DISABLE TRIGGER touched", "trigger public.bystander.touched changed"),
        ("ALTER FUNCTION public.touched() STABLE", "function public.touched() changed"),
        ("DROP STATISTICS public.orders_both", "statistics public.orders_both is gone"),
        ("CREATE OR REPLACE VIEW public.paid AS SELECT id, total FROM public.orders", "relation public.paid changed"),
        ("GRANT SELECT ON public.orders TO clerk", "relation public.orders changed"),
    ],
)  # fmt: skip
def test_i2_a_catalog_object_that_differs_is_told(broken, statement, told):
    with broken(f"I2: {told}", also=True) as place:
        place.allow(waits=True)
        ours(place, statement)


@pytest.mark.parametrize(
    "statements",
    [
        ("UPDATE public.orders SET note = 'x' WHERE id = 7",),
        ("DELETE FROM other.orders WHERE id = 7",),
        # The number of rows stays, and a hash in which equal rows cancel each other would stay too.
        (
            "INSERT INTO public.events VALUES (1, '2026-02-01'), (1, '2026-02-01')",
            "UPDATE public.events_2026 SET id = 2",
        ),
    ],
)
def test_i3_rows_that_differ_are_told(broken, statements):
    with broken("I3: the rows of") as place:
        ours(place, *statements)


def test_i3_a_row_doubled_for_another_is_told(broken):
    with broken("I3: the rows of public.events_2026") as place:
        place.run("INSERT INTO public.events VALUES (1, '2026-02-01'), (1, '2026-02-01'), (2, '2026-02-01')")
        ours(
            place,
            "DELETE FROM public.events_2026 WHERE id = 2",
            "INSERT INTO public.events VALUES (1, '2026-02-01')",
        )


def test_i4_a_session_that_stood_behind_us_is_told(broken):
    with (
        broken("I4: application waiting stood behind us") as place,
        place.open(name="indexical by hand") as session,
    ):
        session.execute("BEGIN")
        session.execute("LOCK TABLE public.orders IN SHARE UPDATE EXCLUSIVE MODE")
        waiter = threading.Thread(target=_lock, args=(place, "SHARE UPDATE EXCLUSIVE"))
        waiter.start()
        waits_until(lambda: place.sampler.seen.worst_wait_s > 1)
        session.execute("COMMIT")
        waiter.join()


def test_i4_a_short_wait_is_not_told(place):
    with place.open(name="indexical by hand") as session:
        session.execute("BEGIN")
        session.execute("LOCK TABLE public.orders IN SHARE UPDATE EXCLUSIVE MODE")
        waiter = threading.Thread(target=_lock, args=(place, "SHARE UPDATE EXCLUSIVE"))
        waiter.start()
        waits_until(lambda: place.sampler.seen.worst_wait_s > 0.2)
        session.execute("COMMIT")
        waiter.join()
    assert 0.2 < place.sampler.seen.worst_wait_s < 1.0


def _lock(place: Place, mode: str) -> None:
    with place.open(name="application waiting") as session, session.transaction():
        session.execute(f"LOCK TABLE public.orders IN {mode} MODE")


def test_i4_a_table_that_we_lock_for_all_is_told(broken):
    told = "I4: a session of ours held an AccessExclusiveLock on public.orders"
    with broken(told) as place, place.open(name="indexical by hand") as session, session.transaction():
        session.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        waits_until(lambda: place.sampler.seen.exclusive)


def test_i4_an_application_whose_writes_are_refused_is_told(broken):
    with broken("I4: writes of the application were refused with 22012") as place:
        ours(place, "CREATE INDEX orders_odd_idx ON public.orders ((1 / (user_id + 1))) WHERE user_id < 0")
        place.expect_change("orders_odd_idx")
        waits_until(lambda: place.sampler.seen.write_errors)


def test_i4_who_waits_for_one_who_waits_for_us_is_behind_us():
    names = {1: "indexical run=a", 2: "application", 3: "application", 4: "application", 5: "indexical run=a"}
    assert behind({2: [1], 3: [2], 4: [9], 5: [1]}, names) == {2, 3}


def test_i4_a_place_where_nobody_looked_on_is_told(broken, monkeypatch):
    monkeypatch.setattr("tests.faults.harness.sampler.Sampler._watch", lambda self: None)
    with broken("I4: nothing was sampled"):
        pass


def test_i5_a_second_run_that_builds_again_is_told(place):
    build = create_statement("orders_user_new_idx", USER)
    apply_here(place, build)
    with nothing_changes(place):
        apply_here(place, build)
    with (
        pytest.raises(InvariantBroken, match=r"I5: index public\.orders_user_new_idx changed"),
        nothing_changes(place),
    ):
        ours(place, "REINDEX INDEX public.orders_user_new_idx")
    place.allow(waits=True)


def test_i6_another_kind_code_or_state_is_told():
    failed = Failed("a", "b", "c", code="DISK", sqlstate="53100")
    expect(failed, "failed", "DISK", "53100")
    for kind, code, state in (
        ("applied", "", None),
        ("failed", "", None),
        ("failed", "LOCK", None),
        ("failed", "DISK", "53400"),
    ):
        with pytest.raises(AssertionError, match="I6"):
            expect(failed, kind, code, state)
    with pytest.raises(AssertionError, match="I6"):
        expect(Applied("a", "b"), "skipped")


def test_i7_a_session_that_stays_is_told(broken):
    with broken("I7: the session 'indexical by hand' is left") as place:
        session = place.open(name="indexical by hand")
    session.close()


def test_i7_a_lock_that_stays_with_a_pooled_session_is_told(broken):
    with broken("I7: an advisory lock is left, held by 'pooler'") as place:
        session = place.open(name="pooler")
        session.rows("SELECT pg_advisory_lock(1)")
    session.close()


def test_i7_a_thread_that_stays_is_told(broken):
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="indexical-build_0", daemon=True)
    thread.start()
    with broken("I7: the thread indexical-build_0 still runs"):
        pass
    stop.set()
    thread.join()


def test_i7_what_stays_in_a_session_is_told(place):
    with place.cluster.open(place.database) as connection:
        nothing_left_in(connection)
        connection.execute("PREPARE kept AS SELECT 1")
        with pytest.raises(InvariantBroken, match="prepared statements"):
            nothing_left_in(connection)


@pytest.mark.parametrize(
    "secret", ["canary-password-Q7x", "canary-row@secret.example", "canary-literal-4711"]
)
def test_i8_a_secret_in_what_was_said_or_written_is_told(broken, secret):
    with broken(f"I8: {secret} was said") as place:
        place.says(f"could not connect with {secret}")
    with broken(f"I8: {secret} stands in run.jsonl") as place:
        (place.folder / "run.jsonl").write_text(f'{{"sql": "{secret}"}}')


def test_i8_a_secret_in_captured_output_is_told(place):
    assert list(secrets_told(place, ["nothing of note"])) == []
    assert len(list(secrets_told(place, ["FATAL: canary-role-password-9f"]))) == 1


def test_i8_a_file_that_rightly_holds_rows_is_not_searched(place):
    place.allow(secrets={"*.dump"})
    (place.folder / "whole.dump").write_text("canary-row@secret.example")


def test_a_file_that_others_may_read_is_told(place):
    path = place.folder / "loose.jsonl"
    path.touch(0o644)
    with pytest.raises(InvariantBroken, match=r"loose\.jsonl"):
        files_are_private(place.folder)
    path.chmod(0o600)
    files_are_private(place.folder)
