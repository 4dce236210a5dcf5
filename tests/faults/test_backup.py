"""Rows 22 and 65: no build beside a dump, whoever runs it, and an index that comes back as it was, from record and from dump."""

from __future__ import annotations

import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from indexical.apply import backup as backup_room
from indexical.apply.backup import back_up
from indexical.apply.index_record import compare, read_record
from indexical.apply.journal import read_run
from indexical.apply.statements import create_statement, drop_statement
from indexical.apply.undo import plan_undo
from indexical.model import Index, IndexRecord, Key
from indexical.pg.session import connect
from tests.faults.harness import Place, Tool, advice_file, apply_here, expect, hold, waits_until

USER = Index("public", "orders", (Key.asc("user_id"), Key.asc("total")))
RICH = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "SET allow_in_place_tablespaces = on",
    "CREATE TABLESPACE aside LOCATION ''",
    (
        'CREATE INDEX "rich one" ON public.orders (id DESC NULLS LAST, lower(status) COLLATE "C" text_pattern_ops) '
        "INCLUDE (user_id) WITH (fillfactor = 70) TABLESPACE aside WHERE total > 0 AND note <> ' WHERE '''"
    ),
    'ALTER INDEX "rich one" ALTER COLUMN 2 SET STATISTICS 321',
    "COMMENT ON INDEX \"rich one\" IS E'it''s \\\\ 100 % rich\\nin two lines'",
    'ALTER INDEX "rich one" DEPENDS ON EXTENSION pg_trgm',
    "ANALYZE public.orders",
)
FLAGGED = (
    "CREATE UNIQUE INDEX flagged ON public.orders (id) INCLUDE (total)",
    "ALTER TABLE public.orders CLUSTER ON flagged",
    "ALTER TABLE public.orders REPLICA IDENTITY USING INDEX flagged",
)


def tools_of(place: Place) -> str:
    """The dump programs of the place's own version, where the tool would find others first."""
    return str(place.cluster.engine.directory)


def run_program(place: Place, name: str, *words: str) -> None:
    engine = place.cluster.engine
    done = subprocess.run(
        [engine.program(name), *words], capture_output=True, text=True, env=engine.environment(), check=False
    )
    assert done.returncode == 0, done.stderr


def others(place: Place) -> list[dict[str, object]]:
    """Sessions that a dump of ours has left."""
    return place.rows("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'indexical%dump'")


DUMPS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_dump'"


@contextmanager
def foreign_dump(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody else's pg_dump that has its snapshot and is held up half-way."""
    engine = place.cluster.engine
    with hold(place, "exclusive", "bystander") as held:
        process = subprocess.Popen(
            [engine.program("pg_dump"), "--file=/dev/null", f"--dbname={place.url}"],
            env=engine.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            waits_until(
                lambda: place.value(f"{DUMPS} AND wait_event_type = 'Lock'"),
                what="the dump at its lock",
            )
            process.send_signal(signal.SIGSTOP)
            held.release()
            yield process
        finally:
            held.release()
            process.send_signal(signal.SIGCONT)
            process.wait(60)
            waits_until(lambda: place.value(DUMPS) == 0, what="the end of the dump's session")


@pytest.mark.fault(22, "a foreign pg_dump is running: nothing is begun, and it is named")
def test_nothing_is_begun_beside_somebody_elses_dump(place: Place) -> None:
    advice = advice_file(place, creates=[("o_user", USER)])
    words = ("--advice", advice, "--pg-dump", tools_of(place))
    with foreign_dump(place) as dump:
        with Tool(place, "apply", *words) as tool:
            assert tool.wait() == 3
        assert "P37" in tool.err
        assert place.index_state("o_user") == ""
        assert dump.poll() is None
    with Tool(place, "apply", *words) as again:
        assert again.wait() == 0, again.err
    assert place.index_state("o_user") == "t/t/t"


@pytest.mark.guard(22)
def test_without_the_look_a_build_waits_for_the_dump(place: Place) -> None:
    """What the preflight keeps away: the build ends only after the dump."""
    with foreign_dump(place):
        outcomes = apply_here(place, create_statement("o_user", USER), wait_budget_s=1.0)
        with pytest.raises(AssertionError, match="I6"):
            expect(outcomes[0], "applied")
        expect(outcomes[0], "failed", outcomes[0].code)  # type: ignore[union-attr]
    if place.index_state("o_user"):
        place.run("DROP INDEX public.o_user")


def lingering(place: Place, folder: Path) -> str:
    """A pg_dump that leaves a session with a snapshot behind, as one that was killed may."""
    engine = place.cluster.engine
    folder.mkdir()
    begun = shlex.quote(str(folder / "begun"))
    library = f"env LD_LIBRARY_PATH={shlex.quote(engine.library_path)}"
    dump, psql, restore = (
        f"{library} {shlex.quote(engine.program(name))}" for name in ("pg_dump", "psql", "pg_restore")
    )
    steps = ("BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1", f"\\! touch {begun}", "SELECT pg_sleep(50)")
    snapshot = " ".join(f"-c {shlex.quote(step)}" for step in steps)
    lines = {
        "pg_dump": (
            f'if [ "$1" = --version ]; then exec {dump} --version; fi\nfor last; do :; done\n'
            f'{psql} "${{last#--dbname=}}" {snapshot} >/dev/null 2>&1 &\n'
            # The dump itself may be over sooner than that session has begun.
            f'while kill -0 $! && [ ! -e {begun} ]; do sleep 0.05; done\nexec {dump} "$@"'
        ),
        "pg_restore": f'exec {restore} "$@"',
    }
    for name, text in lines.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.fault(22, "our own pg_dump is over, its session gone, before the build begins")
def test_our_own_dump_is_over_before_the_build(place: Place) -> None:
    place.allow(secrets=["*.dump"])
    back_up(
        place.url,
        place.folder / "kept",
        tables=[("public", "orders")],
        pg_dump=lingering(place, place.folder / "bin"),
    )
    assert others(place) == []
    began = time.monotonic()
    (outcome,) = apply_here(place, create_statement("o_user", USER))
    expect(outcome, "applied")
    assert time.monotonic() - began < 15


@pytest.mark.guard(22)
def test_without_the_wait_a_session_of_the_dump_stands_beside_the_build(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.allow(secrets=["*.dump"])
    monkeypatch.setattr(backup_room, "_wait_for_its_end", lambda url, application: None)
    back_up(
        place.url,
        place.folder / "kept",
        tables=[("public", "orders")],
        pg_dump=lingering(place, place.folder / "bin"),
    )
    try:
        waits_until(lambda: others(place), what="the session that is left")
        with pytest.raises(AssertionError):
            assert others(place) == []
    finally:
        place.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'indexical%dump'"
        )


@pytest.mark.fault(22, "apply dumps first: the back-up stands in the journal before the first step")
def test_the_back_up_stands_in_the_journal_before_the_first_step(place: Place) -> None:
    advice = advice_file(place, creates=[("o_user", USER)])
    journal = place.folder / "run.jsonl"
    with Tool(place, "apply", "--advice", advice, "--journal", journal, "--pg-dump", tools_of(place)) as tool:
        assert tool.wait() == 0, tool.err
    events = [line.split('"event":"')[1].split('"')[0] for line in journal.read_text().splitlines()]
    assert events.index("backup") < events.index("before") < events.index("after")
    backup = read_run(journal).backup
    assert (backup.kind, backup.schema_only) == ("dump", True)
    assert Path(backup.path).stat().st_mode & 0o077 == 0


def recorded(place: Place, name: str, database: str = "") -> IndexRecord:
    url = place.cluster.url(database) if database else place.url
    with connect(url, read_only=False) as session:
        found = session.rows("SELECT %s::text::regclass::oid::bigint AS oid", (f'public."{name}"',))
        record = read_record(session, found[0]["oid"])
    assert record is not None
    return record


@pytest.fixture(name="rich")
def rich_fixture(own_place: Place) -> Place:
    """A place with the richest index there can be."""
    own_place.run(*RICH)
    own_place.expect_change("rich one", "flagged")
    return own_place


@pytest.mark.fault(65, "a dropped index is restored from the record, every field compared")
def test_a_rich_index_comes_back_from_its_record(rich: Place) -> None:
    before = recorded(rich, "rich one")
    journal = rich.folder / "run.jsonl"
    (outcome,) = apply_here(rich, drop_statement(rich.indexes()["rich one"]), journal=journal)
    expect(outcome, "applied")
    assert rich.index_state("rich one") == ""
    with rich.open() as session:
        undo = plan_undo(session, read_run(journal))
    (outcome,) = apply_here(rich, *undo.statements, own_way=undo.own_way, verb="rollback")
    expect(outcome, "applied")
    after = recorded(rich, "rich one")
    assert compare(before, after) == ()
    assert replace(after, oid=before.oid) == before
    assert (before.tablespace, before.statistics_targets) == ("aside", ((2, 321),))


@pytest.mark.guard(65)
def test_the_servers_definition_alone_does_not_bring_it_back(rich: Place) -> None:
    before = recorded(rich, "rich one")
    with rich.open() as session:
        session.execute('DROP INDEX public."rich one"')
        session.execute(before.definition)
    with pytest.raises(AssertionError):
        assert compare(before, recorded(rich, "rich one")) == ()


@pytest.mark.fault(65, "an index with the flags of CLUSTER and replica identity is restored from the record")
def test_the_flags_of_a_table_come_back_from_the_record(rich: Place) -> None:
    rich.run(*FLAGGED)
    rich.allow(catalog=["public.orders"], waits=True)
    before = recorded(rich, "flagged")
    assert (before.clustered, before.replica_identity) == (True, True)
    with rich.open() as session:
        session.execute("DROP INDEX public.flagged")
        for statement in before.restore:
            session.execute(statement)
    assert compare(before, recorded(rich, "flagged")) == ()


@pytest.mark.fault(
    65, "the same from the dump, by pg_restore: the index alone, and the whole database elsewhere"
)
def test_a_rich_index_comes_back_from_the_dump(rich: Place) -> None:
    rich.run(*FLAGGED)
    rich.allow(catalog=["public.orders"], waits=True, secrets=["*.dump"])
    wanted = {name: recorded(rich, name) for name in ("rich one", "flagged")}
    made = back_up(rich.url, rich.folder, tables=[("public", "orders")], pg_dump=tools_of(rich))
    with rich.open() as session:
        session.execute('DROP INDEX public."rich one"')
        session.execute("DROP INDEX public.flagged")
    run_program(
        rich,
        "pg_restore",
        "--index=rich one",
        "--index=flagged",
        "--schema=public",
        f"--dbname={rich.url}",
        made.path,
    )
    for name, before in wanted.items():
        assert compare(before, recorded(rich, name)) == ()
    with connect(rich.cluster.url(), read_only=False) as session:
        session.execute("CREATE DATABASE elsewhere TEMPLATE template0")
    run_program(rich, "pg_restore", f"--dbname={rich.cluster.url('elsewhere')}", made.path)
    for name, before in wanted.items():
        assert compare(before, recorded(rich, name, "elsewhere")) == ()
