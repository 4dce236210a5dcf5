"""``manage.py migrate`` with our operations, killed at every phase and run again, twice at once, and in others' way."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from indexical.apply.turn import turn
from indexical.errors import DatabaseError
from tests.faults.django_project import BRIEF, DJANGOS_OWN, PLAIN, REMOVE, SLOW, Project
from tests.faults.harness import Place, Tool, at_phase, at_state, hold, let_go, waits_until

NAME = "orders_new_idx"
ANYBODY = "%"


def kill(how: int) -> Callable[[Place, Tool, int], None]:
    return lambda place, tool, pid: tool.kill(how)


def at_backend(function: str) -> Callable[[Place, Tool, int], None]:
    return lambda place, tool, pid: place.rows(f"SELECT {function}({pid})")


KILLS = {
    "SIGTERM": kill(signal.SIGTERM),
    "SIGKILL": kill(signal.SIGKILL),
    "SIGINT": kill(signal.SIGINT),
    "terminated": at_backend("pg_terminate_backend"),
    "cancelled": at_backend("pg_cancel_backend"),
}
CODES = {"SIGTERM": 143, "SIGKILL": 137, "SIGINT": 130, "terminated": 1, "cancelled": 1}


def holds_at_the_end(project: Project, *names: str, state: str = "t/t/t") -> None:
    """The next run ends well, the index is as wanted, and the migration is recorded."""
    with let_go(project.place.url):
        project.migrated()
    assert project.place.index_state(NAME) == state
    assert project.recorded() == ["m0001", *names]


@contextmanager
def obstacles(place: Place, phase: str) -> Iterator[ExitStack]:
    """What holds a build at the phase, until the context ends; what has to come later goes on the stack."""
    with ExitStack() as others:
        early = {"before build": "writer", "old snapshots": "snapshot", "dropping": "reader"}
        if phase in early:
            others.enter_context(hold(place, early[phase]))
        yield others


def halted(project: Project, phase: str, how: str) -> Tool:
    """A migrate that was killed in a phase of its build; it has ended, and what stood in its way is gone."""
    place = project.place
    with ExitStack() as ending:
        with obstacles(place, phase) as others:
            tool = ending.enter_context(project.migrate())
            if phase == "before validation":
                at_phase(place, "building", ours=ANYBODY)
                others.enter_context(hold(place, "writer"))
                ending.enter_context(let_go(place.url))
            KILLS[how](place, tool, at_phase(place, phase, ours=ANYBODY))
            # What stands in the way of the build may stand in the way of clearing up: it goes a moment later.
            time.sleep(0.3)
        tool.wait()
        return tool


def builds(place: Place) -> list[dict[str, object]]:
    return place.rows("SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()")


PHASES = ("before build", "building", "before validation", "old snapshots")
KILLED_AT = [(phase, how) for phase in PHASES for how in ("SIGTERM", "SIGKILL", "terminated")]
KILLED_AT += [("building", "SIGINT"), ("old snapshots", "cancelled")]


@pytest.mark.fault(13, "migrate killed in its build, run again")
@pytest.mark.parametrize(("phase", "how"), KILLED_AT)
def test_a_build_killed_at_any_phase_is_whole_after_the_next_migrate(
    place: Place, phase: str, how: str
) -> None:
    project = Project(place, SLOW if phase in ("building", "before validation") else PLAIN)
    tool = halted(project, phase, how)
    if phase == "building":
        # The server itself notices that nobody waits for the build; let go, the build would come to its end instead.
        waits_until(lambda: not builds(place), what="the end of the build that was killed")
    assert tool.code == CODES[how], tool.err
    assert "Traceback" not in tool.err or how == "SIGINT", tool.err
    holds_at_the_end(project, "m0002")


@pytest.mark.guard(13)
def test_djangos_own_operation_fails_when_run_again(place: Place) -> None:
    project = Project(place, DJANGOS_OWN)
    halted(project, "building", "SIGTERM")
    with let_go(place.url):
        waits_until(
            lambda: place.index_state(NAME) == "t/t/t", what="the end of the build that nobody waits for"
        )
    with pytest.raises(AssertionError, match="already exists"):
        holds_at_the_end(project, "m0002")


@pytest.mark.fault(13, "migrate that has cleared up after itself")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "terminated", "cancelled"])
def test_nothing_invalid_is_left_even_before_the_next_migrate(place: Place, how: str) -> None:
    project = Project(place, SLOW)
    halted(project, "building", how)
    assert place.index_state(NAME) == ""
    assert project.recorded() == ["m0001"]


@pytest.mark.fault(13, "migrate killed in its drop, run again")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL", "terminated", "cancelled"])
@pytest.mark.parametrize("state", ["f/t/t", "f/f/f"])
def test_a_drop_killed_at_either_wait_is_done_after_the_next_migrate(
    place: Place, state: str, how: str
) -> None:
    place.run(f"CREATE INDEX {NAME} ON public.orders (user_id, created_at DESC)")
    project = Project(place, PLAIN, REMOVE)
    project.migrated("shop", "m0002")
    with project.migrate() as tool:
        with ExitStack() as others:
            first = others.enter_context(hold(place, "reader"))
            at_state(place, NAME, "f/t/t")
            if state == "f/f/f":
                others.enter_context(hold(place, "reader"))
                first.release()
                at_state(place, NAME, "f/f/f")
            KILLS[how](place, tool, project.session())
            time.sleep(0.3)
        tool.wait()
    holds_at_the_end(project, "m0002", "m0003", state="")


@pytest.mark.fault(13, "the server crashes under migrate")
@pytest.mark.parametrize("phase", ["building", "dropping"])
def test_a_crash_of_the_server_leaves_nothing_that_the_next_migrate_does_not_mend(
    own_place: Place, phase: str
) -> None:
    place = own_place
    place.run(
        f"CREATE INDEX {NAME} ON public.orders (user_id, created_at DESC)"
        if phase == "dropping"
        else "SELECT 1"
    )
    project = Project(place, *((PLAIN, REMOVE) if phase == "dropping" else (SLOW,)))
    if phase == "dropping":
        project.migrated("shop", "m0002")
    with obstacles(place, phase), project.migrate() as tool:
        if phase == "building":
            at_phase(place, "building")
        else:
            at_state(place, NAME, "f/t/t")
        place.cluster.crash()
        place.cluster.start()
        assert tool.wait() in (0, 1), tool.err
        assert "Traceback" not in tool.err
    holds_at_the_end(
        project,
        *(("m0002", "m0003") if phase == "dropping" else ("m0002",)),
        state="" if phase == "dropping" else "t/t/t",
    )


def both(project: Project, met: Callable[[Tool, Tool], object]) -> list[str]:
    """Two at the same time, the build of one going on until they have met; what each said, when both ended well."""
    with project.migrate() as first, project.migrate() as second:
        waits_until(lambda: met(first, second), what="the second beside the build of the first")
        with let_go(project.place.url):
            codes = (first.wait(), second.wait())
        said = [first.out + first.err, second.out + second.err]
    assert codes == (0, 0), "".join(said)
    return said


@pytest.mark.fault(14, "two migrate at once")
def test_of_two_migrates_the_second_waits_and_finds_the_work_done(place: Place) -> None:
    project = Project(place, SLOW)
    said = both(project, lambda *tools: any("waits for another run" in tool.err for tool in tools))
    assert sum("waits for another run" in text for text in said) == 1, said
    assert sum("adopted" in text for text in said) == 1, said
    holds_at_the_end(project, "m0002")


@pytest.mark.guard(14)
def test_without_the_turn_two_migrates_collide(place: Place) -> None:
    without = "import indexical.django.alone as frame, indexical.django.concurrently as work\n"
    without += (
        "frame.take_turn = lambda *given: None\nwork._settled = lambda editor, place, name, patience: None"
    )
    project = Project(place, SLOW.replace("SLOW", "SLOW, lock_seconds=30"), without=without)
    collided = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'indexical run=%' "
        "AND wait_event_type = 'Lock' AND wait_event = 'relation'"
    )
    with pytest.raises(AssertionError, match=r"40P01|42P07"):
        both(project, lambda *_: place.rows(collided))
    Project.migrated(project, "shop", "m0001", "--fake")
    place.run(f"DROP INDEX IF EXISTS {NAME}")


@pytest.mark.fault(14, "a migrate while apply has the turn")
def test_a_migrate_gives_up_in_time_when_another_run_keeps_the_turn(place: Place) -> None:
    project = Project(place, PLAIN.replace("PLAIN", "PLAIN, wait_seconds=1"))
    with place.open() as other, turn(other, wait_s=0):
        said = project.migrated(code=1)
    assert (
        "IndexFailed: index orders_new_idx was not begun: another run changes indexes of this database, pid"
        in said
    )
    assert place.index_state(NAME) == ""
    holds_at_the_end(project, "m0002")


@pytest.mark.fault(24, "ALTER TABLE queues behind migrate")
def test_a_build_gives_way_to_an_alter_table_behind_it(place: Place) -> None:
    project = Project(place, SLOW)
    said, waited = behind_a_build(project)
    assert waited < 1.0
    assert "(GIVEN_UP, SQLSTATE 57014); nothing was left behind; run migrate again" in said
    holds_at_the_end(project, "m0002")


@pytest.mark.guard(24)
def test_without_the_lookout_an_alter_table_waits_for_the_build(place: Place) -> None:
    without = (
        "import indexical.django.lookout as lookout\nlookout._WAITERS = 'SELECT 1 WHERE %s = %s AND false'"
    )
    place.allow(waits=True)
    project = Project(place, SLOW, without=without)
    with pytest.raises(AssertionError):
        assert behind_a_build(project, code=0)[1] < 1.0


def behind_a_build(project: Project, code: int = 1) -> tuple[str, float]:
    """What migrate said when somebody wanted the whole table in its midst, and how long that one waited, 2 s at most."""
    place = project.place
    with project.migrate() as tool, place.open() as session:
        session.set("lock_timeout", "2s")
        at_phase(place, "building")
        begun = time.monotonic()
        with suppress(DatabaseError):
            session.execute("ALTER TABLE public.orders ADD COLUMN wanted_by_somebody int")
        waited = time.monotonic() - begun
        with let_go(place.url):
            assert tool.wait() in (code, 1)
    place.settle()
    return tool.err, waited


@contextmanager
def limited(place: Place) -> Iterator[None]:
    """Every session of the database begins with a time limit. The harness takes no look in here: that limit is its own too."""
    with place.open() as session:
        session.execute(f"ALTER DATABASE {place.database} SET statement_timeout = '1s'")
        try:
            yield
        finally:
            session.execute(f"ALTER DATABASE {place.database} RESET statement_timeout")


@pytest.mark.fault(29, "a time limit of the database does not end a build of migrate")
def test_a_statement_timeout_does_not_end_the_build(place: Place) -> None:
    project = Project(place, BRIEF)
    with limited(place):
        project.migrated()
    assert place.index_state(NAME) == "t/t/t"
    assert project.recorded() == ["m0001", "m0002"]


@pytest.mark.guard(29)
def test_a_limit_that_stays_is_found_before_anything_is_begun(place: Place) -> None:
    without = "import indexical.django.concurrently as work\nfrom contextlib import nullcontext\n"
    without += "work.unlimited = lambda connection: nullcontext()"
    project = Project(place, BRIEF, without=without)
    with limited(place):
        said = project.migrated(code=1)
    assert "was not begun: statement_timeout stays at 1s" in said
    assert place.index_state(NAME) == ""


def test_the_planner_knows_the_values_of_a_new_expression_index(place: Place) -> None:
    holds_at_the_end(Project(place, SLOW), "m0002")
    assert place.value(f"SELECT count(*) FROM pg_stats WHERE tablename = '{NAME}'") == 1


@pytest.mark.fault(42, "migrate on a partitioned table")
def test_an_index_on_a_partitioned_table_is_refused_with_the_way_to_make_it(place: Place) -> None:
    columns = "id bigint, user_id int, status varchar(20), total numeric, note text, created_at timestamptz"
    place.run(
        f"CREATE TABLE public.parts ({columns}) PARTITION BY RANGE (user_id)",
        "CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (1000)",
    )
    project = Project(place, PLAIN, table="parts")
    said = project.migrated(code=1)
    assert 'Make orders_new_idx with CREATE INDEX "orders_new_idx" ON ONLY "public"."parts"' in said
    assert place.index_state(NAME) == ""
    place.run(
        f"CREATE INDEX {NAME} ON ONLY public.parts (user_id, created_at DESC)",
        "CREATE INDEX part_idx ON public.parts_1 (user_id, created_at DESC)",
        f"ALTER INDEX {NAME} ATTACH PARTITION part_idx",
    )
    assert "adopted" in project.migrated()
    assert project.recorded() == ["m0001", "m0002"]


UNINDEX = (
    "UnindexFieldSafely([migrations.RunSQL('DROP INDEX CONCURRENTLY IF EXISTS \"orders_new_idx\"', "
    '\'CREATE INDEX CONCURRENTLY "orders_new_idx" ON "orders" ("user_id")\')], '
    "[migrations.AlterField('order', 'user_id', models.IntegerField())])"
)


@pytest.mark.fault(13, "the drop of a field's index and its way back, killed")
def test_a_fields_index_goes_and_comes_back_whatever_happens_on_the_way(place: Place) -> None:
    place.run(f"CREATE INDEX {NAME} ON public.orders (user_id)")
    project = Project(place, UNINDEX)
    with hold(place, "reader"), project.migrate() as tool:
        at_state(place, NAME, "f/t/t")
        tool.kill(signal.SIGKILL)
        tool.wait()
    holds_at_the_end(project, "m0002", state="")
    with hold(place, "snapshot"), project.migrate("shop", "m0001") as tool:
        at_phase(place, "old snapshots")
        tool.kill(signal.SIGKILL)
        tool.wait()
    project.migrated("shop", "m0001")
    assert place.index_state(NAME) == "t/t/t"
    assert project.recorded() == ["m0001"]


def test_a_plan_builds_nothing_and_waits_for_nobody(place: Place) -> None:
    project = Project(place, PLAIN)
    with place.open() as other, turn(other, wait_s=0):
        assert "without blocking writers" in project.migrated("--plan")
    assert place.index_state(NAME) == ""
    assert project.recorded() == ["m0001"]
