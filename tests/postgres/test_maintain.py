"""Upkeep on real servers: what is due is found by its figure and done without blocking writers; what is not due is left alone."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.postgres.majors import MAJORS, server_of

from indexical.apply.journal import read_run
from indexical.apply.reindex import reindex_statement
from indexical.cli import main
from indexical.maintain.looking import Wish, look
from indexical.measure.lockprobe import WriterProbe
from indexical.model import DdlStatement, ExistingIndex
from indexical.model.maintenance import Upkeep
from indexical.pg.bloat import estimate, measured
from indexical.pg.session import Session, connect
from indexical.twin.server import PrivateServer

pytestmark = pytest.mark.postgres

_NUMBERS = itertools.count(1)
_SMALL = Wish(waste=200_000)
_REBUILD_WAITS = (
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND wait_event_type = 'Lock' "
    "AND datname = current_database()"
)


class Place:
    """A database of its own, and the folder in which the program is called."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self) -> Session:
        return connect(self.url, read_only=False, lock_timeout_ms=60_000)

    def run(self, *statements: str) -> None:
        with self.open() as session:
            for statement in statements:
                session.execute(statement)
                # Else what a statement has counted may be told after the VACUUM that follows it.
                if not session.in_transaction:
                    session.execute("SELECT pg_stat_force_next_flush()")

    def value(self, sql: str) -> object:
        with self.open() as session:
            return next(iter(session.rows(sql)[0].values()))

    def oid(self, name: str) -> int:
        return int(str(self.value(f"SELECT 'public.{name}'::regclass::oid::bigint")))

    def size(self, name: str) -> int:
        return int(str(self.value(f"SELECT pg_relation_size('public.{name}')")))

    def looked(self, wish: Wish = _SMALL) -> Upkeep:
        with connect(self.url) as session:
            return look(session, wish)

    def bloat(self) -> None:
        """Leaves one entry in twenty of each index of the table items."""
        self.run("DELETE FROM public.items WHERE id % 20 <> 0", "VACUUM (ANALYZE) public.items")


@pytest.fixture(scope="module", params=MAJORS)
def server(request: pytest.FixtureRequest) -> Iterator[PrivateServer]:
    settings = {"autovacuum": "off", "jit": "off", "max_prepared_transactions": "2"}
    with server_of(request.param, settings) as running:
        yield running


@pytest.fixture
def place(server: PrivateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    name = f"maintain_{next(_NUMBERS)}"
    Place(server.url()).run(f"CREATE DATABASE {name} TEMPLATE template0")
    found = Place(server.url(name))
    found.run(
        "CREATE TABLE public.items (id bigint PRIMARY KEY, name text NOT NULL, hits int NOT NULL DEFAULT 0)",
        "INSERT INTO public.items SELECT i, 'name ' || i, 0 FROM generate_series(1, 40000) i",
        "CREATE INDEX items_name ON public.items (name)",
        "VACUUM (ANALYZE) public.items",
    )
    yield found
    Place(server.url()).run(f"DROP DATABASE {name} WITH (FORCE)")


def _documents(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_a_fresh_database_needs_nothing(place: Place) -> None:
    assert place.looked().needs == ()


def test_bloat_is_measured_on_a_bloated_index_and_not_on_a_fresh_one(place: Place) -> None:
    place.run("CREATE EXTENSION pgstattuple")
    with connect(place.url) as session:
        fresh = measured(session, place.oid("items_name"))
        guessed = estimate(session, [place.oid("items_name")])[place.oid("items_name")]
    assert fresh.how == "measured"
    assert fresh.share < 0.05
    assert guessed.share < 0.1
    place.bloat()
    with connect(place.url) as session:
        assert measured(session, place.oid("items_name")).share > 0.8
    assert [need.index for need in place.looked().needs] == ["items_name", "items_pkey"]


def test_without_pgstattuple_bloat_is_told_and_not_acted_upon(place: Place) -> None:
    place.bloat()
    upkeep = place.looked()
    assert upkeep.needs == ()
    told = {each.subject: each.what for each in upkeep.noticed}
    assert "CREATE EXTENSION pgstattuple" in told["public.items_name"]
    trusting = place.looked(Wish(waste=200_000, trust_estimates=True))
    assert {need.index for need in trusting.needs} == {"items_name", "items_pkey"}


def test_a_bloated_index_is_rebuilt_smaller_and_keeps_its_scans(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("CREATE EXTENSION pgstattuple")
    place.bloat()
    place.run(*["SET enable_seqscan = off", "SELECT * FROM public.items WHERE name = 'name 20'"])
    counted = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'items_name'"
    _until(place, counted, 1)
    before = place.size("items_name")
    assert main(["maintain", place.url, "--yes", "--waste", "200kB", "--format", "json"]) == 0
    document = _documents(capsys)
    assert [each["kind"] for each in document["outcomes"]] == ["applied", "applied"]  # type: ignore[index,attr-defined]
    assert place.size("items_name") < before / 5
    assert place.value(counted) == 1
    assert place.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    assert read_run(Path(str(document["journal"]))).verb == "maintain"
    assert main(["maintain", place.url, "--yes", "--waste", "200kB", "--format", "json"]) == 0
    assert _documents(capsys)["outcomes"] == []


def test_looking_changes_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.run("CREATE EXTENSION pgstattuple")
    place.bloat()
    before = (
        place.oid("items_name"),
        place.value("SELECT relfilenode FROM pg_class WHERE relname = 'items_name'"),
    )
    assert main(["maintain", place.url, "--waste", "200kB"]) == 0
    shown = capsys.readouterr().out
    assert "REINDEX INDEX CONCURRENTLY public.items_name;" in shown
    assert "Nothing was done" in shown
    after = (
        place.oid("items_name"),
        place.value("SELECT relfilenode FROM pg_class WHERE relname = 'items_name'"),
    )
    assert before == after
    assert not Path(".indexical/runs").exists()


def _until(place: Place, sql: str, wanted: object) -> None:
    deadline = time.monotonic() + 60
    while place.value(sql) != wanted:
        assert time.monotonic() < deadline, f"{sql} stayed {place.value(sql)!r}"
        time.sleep(0.05)


def test_statistics_are_renewed_once_enough_rows_have_changed(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    analysed = "SELECT last_analyze FROM pg_stat_user_tables WHERE relname = 'items'"
    changed = "SELECT n_mod_since_analyze FROM pg_stat_user_tables WHERE relname = 'items'"
    first = place.value(analysed)
    place.run("UPDATE public.items SET hits = 1 WHERE id <= 4000")
    _until(place, changed, 4000)
    # Autovacuum's own threshold: 50 rows and a tenth of 40,000.
    assert place.looked(Wish(only=frozenset({"analyze"}))).needs == ()
    place.run("UPDATE public.items SET hits = 2 WHERE id <= 200")
    _until(place, changed, 4200)
    (need,) = place.looked(Wish(only=frozenset({"analyze"}))).needs
    assert (need.kind, need.reason) == (
        "analyze",
        "4,200 rows changed since it was last analysed, threshold 4,050",
    )
    assert main(["maintain", place.url, "--yes", "--only", "analyze"]) == 0
    assert "applied" in capsys.readouterr().out
    assert place.value(analysed) > first  # type: ignore[operator]
    assert place.looked(Wish(only=frozenset({"analyze"}))).needs == ()


def test_a_tables_own_storage_parameters_come_first(place: Place) -> None:
    place.run(
        "ALTER TABLE public.items SET (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10)",
        "UPDATE public.items SET hits = 1 WHERE id <= 20",
    )
    _until(place, "SELECT n_mod_since_analyze FROM pg_stat_user_tables WHERE relname = 'items'", 20)
    (need,) = place.looked(Wish(only=frozenset({"analyze"}))).needs
    assert "threshold 10" in need.reason


def test_dead_rows_are_vacuumed_and_the_second_run_does_nothing(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("DELETE FROM public.items WHERE id % 4 = 0")
    dead = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'items'"
    _until(place, dead, 10000)
    pages = place.size("items")
    assert main(["maintain", place.url, "--yes", "--only", "vacuum", "--format", "json"]) == 0
    (outcome,) = _documents(capsys)["outcomes"]  # type: ignore[misc]
    assert outcome["kind"] == "applied"
    _until(place, dead, 0)
    assert place.size("items") == pages
    assert main(["maintain", place.url, "--yes", "--only", "vacuum", "--format", "json"]) == 0
    assert _documents(capsys)["outcomes"] == []


def test_a_partitioned_table_gets_the_statistics_that_autovacuum_never_makes(place: Place) -> None:
    place.run(
        "CREATE TABLE public.parts (id int, at date) PARTITION BY RANGE (id)",
        "CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (100)",
        "INSERT INTO public.parts SELECT i, '2026-01-01' FROM generate_series(1, 90) i",
        "ANALYZE public.parts_1",
    )
    (need,) = place.looked().needs
    assert (need.kind, need.table) == ("analyze", "parts")
    assert main(["maintain", place.url, "--yes"]) == 0
    assert place.looked().needs == ()


def test_a_table_of_somebody_else_is_told_and_left_alone(place: Place) -> None:
    place.run(
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN",
        "DELETE FROM public.items WHERE id % 2 = 0",
    )
    _until(place, "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'items'", 20000)
    with connect(place.url.replace("postgres@", "reader@", 1)) as session:
        upkeep = look(session, _SMALL)
    assert upkeep.needs == ()
    assert "our role may not do it" in upkeep.noticed[0].what


def test_a_part_that_postgresql_passes_over_with_a_warning_is_no_success(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = f"owner_{next(_NUMBERS)}"
    place.run(
        f"CREATE ROLE {owner} LOGIN",
        "CREATE TABLE public.parts (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (100)",
        "INSERT INTO public.parts SELECT generate_series(1, 90)",
        f"ALTER TABLE public.parts OWNER TO {owner}",
    )
    url = place.url.replace("postgres@", f"{owner}@", 1)
    assert main(["maintain", url, "--yes", "--table", "public.parts", "--format", "json"]) == 1
    (outcome,) = _documents(capsys)["outcomes"]  # type: ignore[misc]
    assert (outcome["kind"], outcome["code"], outcome["sqlstate"]) == ("failed", "RIGHTS", "01000")
    place.run(f"DROP OWNED BY {owner}", f"DROP ROLE {owner}")


def test_names_that_look_like_sql_are_names(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = 'we"ird; DROP TABLE items; -- %s %(a)s \x1b[31m\n<script>'
    quoted = hostile.replace('"', '""')
    place.run("CREATE EXTENSION pgstattuple", f'CREATE TABLE public."{quoted}" (id int PRIMARY KEY)')
    place.run(
        f'INSERT INTO public."{quoted}" SELECT generate_series(1, 40000)',
        f'DELETE FROM public."{quoted}" WHERE id % 20 <> 0',
        f'VACUUM public."{quoted}"',
    )
    for form in ("text", "markdown", "html"):
        assert main(["maintain", place.url, "--waste", "200kB", "--format", form]) == 0
        shown = capsys.readouterr().out
        assert "\x1b" not in shown
        assert "<script>" not in shown or form == "text"
    assert main(["maintain", place.url, "--yes", "--waste", "200kB"]) == 0
    assert "applied" in capsys.readouterr().out
    assert place.looked().needs == ()
    assert place.value("SELECT count(*) FROM public.items") == 40000
    assert main(["record"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_locked_table_is_skipped_with_the_reason(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.run("DELETE FROM public.items WHERE id % 2 = 0")
    _until(place, "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'items'", 20000)
    with place.open() as other, other.transaction(roll_back=True):
        other.execute("LOCK TABLE public.items IN SHARE UPDATE EXCLUSIVE MODE")
        assert main(["maintain", place.url, "--yes", "--only", "vacuum", "--format", "json"]) == 0
    (outcome,) = _documents(capsys)["outcomes"]  # type: ignore[misc]
    assert outcome["kind"] == "skipped"
    assert "it stays due" in outcome["reason"]


def test_a_rebuild_that_would_wait_for_ever_is_put_off_and_says_for_whom(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("CREATE EXTENSION pgstattuple")
    place.bloat()
    gid = f"forgotten {place.url.rsplit('/', 1)[1][:20]}"
    with place.open() as session:
        session.script(
            ["BEGIN", "UPDATE public.items SET hits = 1 WHERE id = 20", f"PREPARE TRANSACTION '{gid}'"]
        )
    try:
        call = ["maintain", place.url, "--yes", "--only", "reindex", "--waste", "200kB", "--format", "json"]
        assert main(call) == 0
        document = _documents(capsys)
        assert document["outcomes"] == []
        put_off = [each["subject"] for each in document["noticed"] if "not now: P13" in each["what"]]  # type: ignore[attr-defined]
        assert put_off == ["public.items_name", "public.items_pkey"]
        assert place.value("SELECT count(*) FROM pg_prepared_xacts") == 1
    finally:
        place.run(f"ROLLBACK PREPARED '{gid}'")


def test_upkeep_is_not_taken_back(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.run("DELETE FROM public.items WHERE id % 2 = 0")
    _until(place, "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'items'", 20000)
    assert main(["maintain", place.url, "--yes", "--format", "json"]) == 0
    run = str(_documents(capsys)["run"])
    assert main(["rollback", place.url]) == 2
    assert main(["rollback", place.url, "--run", run]) == 0
    assert "nothing to take back" in capsys.readouterr().out


def _longest_write_beside_a_rebuild(place: Place, *, ends: int = 0) -> float:
    """Milliseconds. A transaction that has written is open until a rebuild has waited for it for three seconds."""
    place.run("CREATE EXTENSION pgstattuple")
    place.bloat()
    rows = [{"id": number} for number in range(40, 4000, 20)]
    update = "UPDATE public.items SET hits = hits + 1 WHERE id = %(id)s"
    with place.open() as holder, WriterProbe(place.open, update, rows) as probe:
        holder.script(["BEGIN", "UPDATE public.items SET hits = 1 WHERE id = 20"])

        def release_when_waited_for() -> None:
            try:
                _until(place, _REBUILD_WAITS, True)
                time.sleep(3.0)
            finally:
                holder.script(["COMMIT"])

        release = threading.Thread(target=release_when_waited_for)
        release.start()
        assert main(["maintain", place.url, "--yes", "--waste", "200kB"]) == ends
        release.join()
        report = probe.stop()
    assert report.errors == ()
    assert report.count > 10
    return report.max_ms


def test_no_writer_waits_for_upkeep(place: Place) -> None:
    assert _longest_write_beside_a_rebuild(place) < 2500


def test_writers_would_wait_for_a_rebuild_of_another_kind(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plain(existing: ExistingIndex) -> DdlStatement:
        return replace(reindex_statement(existing), sql=f"REINDEX INDEX public.{existing.name}")

    monkeypatch.setattr("indexical.maintain.carrying.reindex_statement", plain)
    # It keeps the index's number, by which the run sees that it was not what it had asked for.
    assert _longest_write_beside_a_rebuild(place, ends=1) > 2500


def test_what_does_not_fit_into_the_time_is_not_begun(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("DELETE FROM public.items WHERE id % 2 = 0")
    _until(place, "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'items'", 20000)
    assert (
        main(
            ["maintain", place.url, "--yes", "--only", "vacuum", "--max-duration", "1ms", "--format", "json"]
        )
        == 0
    )
    (outcome,) = _documents(capsys)["outcomes"]  # type: ignore[misc]
    assert outcome["kind"] == "skipped"
    assert "--max-duration" in outcome["reason"]


def test_an_invalid_index_of_somebody_else_is_told_and_never_touched(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    with place.open() as session:
        session.execute("CREATE INDEX theirs ON public.items (hits)")
        session.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.theirs'::regclass")
    assert main(["maintain", place.url, "--yes", "--format", "json"]) == 0
    document = _documents(capsys)
    assert document["outcomes"] == []
    noticed = document["noticed"][0]  # type: ignore[index]
    assert noticed["subject"] == "public.theirs"
    assert "left alone" in noticed["what"]
    assert place.value("SELECT count(*) FROM pg_class WHERE relname = 'theirs'") == 1


def test_a_killed_rebuild_is_cleared_away_by_the_next_run(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("CREATE EXTENSION pgstattuple")
    place.bloat()
    words = [sys.executable, "-P", "-m", "indexical", "maintain", place.url, "--yes", "--only", "reindex"]
    with place.open() as holder, holder.transaction(roll_back=True):
        # A writer's open transaction keeps the rebuild waiting for as long as it lasts.
        holder.execute("UPDATE public.items SET hits = 1 WHERE id = 20")
        tool = subprocess.Popen(
            [*words, "--table", "public.items", "--waste", "200kB"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ},
        )
        invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
        _until(place, invalid, 1)
        tool.send_signal(signal.SIGKILL)
        tool.wait()
        _until(
            place,
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND datname = current_database()",
            0,
        )
        assert place.value(invalid) == 1
    place.run("CREATE INDEX theirs ON public.items (hits)")
    place.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.theirs'::regclass")
    assert main(["maintain", place.url]) == 0
    assert "leftovers" in capsys.readouterr().out
    assert main(["maintain", place.url, "--yes", "--waste", "200kB", "--format", "json"]) == 0
    document = _documents(capsys)
    assert {each["kind"] for each in document["outcomes"]} == {"applied"}  # type: ignore[index,attr-defined]
    names = "SELECT array_agg(relname::text ORDER BY 1) FROM pg_class JOIN pg_index ON oid = indexrelid WHERE NOT indisvalid"
    assert place.value(names) == ["theirs"]
    assert place.value("SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_cc%'") == 0


def test_an_interrupted_run_is_taken_up_again_to_its_end(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.run("DELETE FROM public.items WHERE id % 2 = 0")
    _until(place, "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'items'", 20000)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("indexical.apply.course.tend", stop)
        assert main(["maintain", place.url, "--yes"]) == 130
    assert "maintain --resume" in capsys.readouterr().err
    (journal,) = Path(".indexical/runs").glob("*.jsonl")
    text = journal.read_text()
    # A journal is a file that others may have had: its SQL is never what is run.
    assert "VACUUM (TRUNCATE false, ANALYZE)" in text
    journal.write_text(text.replace("VACUUM (TRUNCATE false, ANALYZE)", "DROP TABLE"))
    assert main(["maintain", place.url, "--resume", "--format", "json"]) == 0
    (outcome,) = _documents(capsys)["outcomes"]  # type: ignore[misc]
    assert (outcome["kind"], outcome["id"]) == ("applied", "vacuum-analyze:public.items")
    assert main(["maintain", place.url, "--resume"]) == 2
    assert place.value("SELECT count(*) FROM public.items") == 20000


def test_what_should_look_after_the_tables_and_is_off_is_told(place: Place) -> None:
    assert [each.subject for each in place.looked().noticed] == ["autovacuum"]
