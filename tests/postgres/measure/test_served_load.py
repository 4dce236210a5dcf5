"""A served project under a real load: gunicorn, PostgreSQL and Locust, for a few seconds."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path

import pytest
from tests.postgres.majors import server_of

from indexical.errors import NotHeld
from indexical.measure.served.database_load import REPORTED_S, Counters, DatabaseObserver
from indexical.measure.served.latency import measure_endpoints
from indexical.measure.served.load import Plan, load_test
from indexical.measure.served.playing import Generator
from indexical.measure.served.requests_file import read
from indexical.measure.served.serving import serve
from indexical.model import NotMeasured
from indexical.model.served import DatabaseLoad, EndpointLatency
from indexical.pg.session import connect

pytestmark = pytest.mark.postgres

APPLICATION = """
import os
import psycopg

def application(environ, start):
    sql = {"/slow": "SELECT count(*) FROM items WHERE v = 7", "/fast": "SELECT v FROM items WHERE id = 77"}
    asked = sql.get(environ["PATH_INFO"])
    if asked is None:
        start("404 Not Found", [("Content-Length", "0")])
        return [b""]
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        row = connection.execute(asked).fetchone()
    start("200 OK", [("Content-Type", "text/plain")])
    return [str(row).encode()]
"""
ROWS = 20_000
REQUESTS = (
    {"indexical": "requests", "version": 1, "title": "two views"},
    {"name": "slow", "path": "/slow", "weight": 1},
    {"name": "fast", "path": "/fast?mark={{unique}}", "weight": 3},
    {"name": "make", "method": "POST", "path": "/fast", "body": {}, "weight": 1},
)


@pytest.fixture
def items(database):
    database.run(
        f"CREATE TABLE items AS SELECT i AS id, i % 1000 AS v FROM generate_series(1, {ROWS}) AS i",
        "ALTER TABLE items ADD PRIMARY KEY (id)",
        "VACUUM ANALYZE items",
    )
    return database


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.py").write_text("raise SystemExit('not this one')\n")
    (tmp_path / "shop_site.py").write_text(APPLICATION)
    (tmp_path / "requests.jsonl").write_text("\n".join(json.dumps(line) for line in REQUESTS))
    return tmp_path


def environment(url: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}


def did(observer: DatabaseObserver, before: Counters) -> DatabaseLoad:
    found = observer.between(before, observer.settled(observer.cpu_seconds()))
    assert isinstance(found, DatabaseLoad)
    return found


@pytest.mark.slow
def test_a_mix_is_played_and_the_database_did_exactly_that(items, site) -> None:
    plan = Plan(users=(1, 2), seconds=2.0, warm_up_s=0.5, target_p95_ms=60_000.0)
    requests = site / "requests.jsonl"
    with (
        serve("shop_site:application", directory=site, environment=environment(items.url)) as url,
        items.read() as session,
    ):
        latency = measure_endpoints({"now": url}, read(requests), runs=3)["now"]
        found = load_test(url, requests, plan, session=session)
    assert [type(each) for each in latency] == [EndpointLatency, EndpointLatency, NotMeasured]
    assert [step.users for step in found.steps] == [1, 2]
    assert found.not_measured == ()
    assert found.left_out == ("make",)
    assert found.left_out_share == pytest.approx(0.2)
    for step in found.steps:
        counts = {each.id: each.requests for each in step.endpoints}
        assert step.failures == 0
        assert counts.keys() <= {"slow", "fast"}
        assert step.requests == sum(counts.values()) > 0
        assert step.per_second > 0
        assert 0 < step.p50_ms <= step.p95_ms <= step.p99_ms
        database = step.database
        assert database is not None
        # What the requests did, to the scan: neither the warm-up nor anything else is among it.
        assert database.seq_scans == counts.get("slow", 0)
        assert database.seq_rows == counts.get("slow", 0) * ROWS
        assert database.index_scans == counts.get("fast", 0)
        assert database.commits >= step.requests
        assert database.hit > 0
        if Path("/proc").is_dir():
            assert database.cpu_s is not None
            assert database.cpu_s > 0


@pytest.mark.slow
def test_the_mix_is_the_files_own(items, site) -> None:
    with (
        serve("shop_site:application", directory=site, environment=environment(items.url)) as url,
        Generator(url, site / "requests.jsonl", writes=True) as generator,
    ):
        played = generator.play(2, 2.0)
        again = generator.play(1, 0.2)
    counts = {name: len(found) for name, found in played.answers.items()}
    total = sum(counts.values())
    assert not played.failures
    assert counts.keys() == {"slow", "fast", "make"}
    assert counts["fast"] / total == pytest.approx(0.6, abs=4 / total)
    assert counts["slow"] / total == pytest.approx(0.2, abs=4 / total)
    assert again.seconds >= 0.2
    assert sum(len(found) for found in again.answers.values()) < total + 50


@pytest.mark.slow
def test_unexpected_answers_are_failures_with_their_reason(items, site) -> None:
    (site / "requests.jsonl").write_text(
        json.dumps(REQUESTS[0]) + "\n" + json.dumps({"name": "gone", "path": "/gone"}) + "\n"
    )
    with serve("shop_site:application", directory=site, environment=environment(items.url)) as url:
        found = load_test(
            url, site / "requests.jsonl", Plan(users=(1,), seconds=1.0, warm_up_s=0.0, target_p95_ms=1000.0)
        )
    step = found.steps[0]
    assert step.requests == 0
    assert step.failures > 0
    assert step.reasons == (("answered 404", step.failures),)
    assert [each.what for each in found.not_measured] == ["what the database did"]


@pytest.mark.slow
def test_sessions_that_stay_open_are_waited_for(items) -> None:
    with items.read() as session, items.open() as worker:
        observer = DatabaseObserver(session)
        before = observer.settled(None)
        for _ in range(25):
            worker.rows("SELECT count(*) FROM items WHERE v = 3")
        found = did(observer, before)
    assert found.seq_scans == 25
    assert found.seq_rows == 25 * ROWS
    assert REPORTED_S > 10


def test_the_time_of_a_process_that_has_ended_is_counted(items) -> None:
    with items.read() as session:
        observer = DatabaseObserver(session)
        before = observer.settled(observer.cpu_seconds())
        if before.cpu_s is None:
            pytest.skip("this system keeps no account of its processes in /proc")
        items.run("DO $$ BEGIN PERFORM sum(i) FROM generate_series(1, 2000000) AS i; END $$")
        found = did(observer, before)
    assert found.cpu_s is not None
    assert found.cpu_s >= 0.05
    assert found.temp_bytes > 0


def test_what_the_watching_session_did_before_is_not_the_loads(items) -> None:
    with items.read() as session:
        observer = DatabaseObserver(session)
        for _ in range(7):
            session.rows("SELECT count(*) FROM items WHERE v = 3")
        before = observer.settled(None)
        session.rows("SELECT 1 AS one")
        found = did(observer, before)
    assert found.seq_scans == 0
    assert before.database["seq_scans"] >= 7


def test_writes_and_files_are_counted(items) -> None:
    with items.read() as session:
        observer = DatabaseObserver(session)
        before = observer.settled(None)
        items.run("INSERT INTO items SELECT i, i FROM generate_series(100001, 120000) AS i")
        found = did(observer, before)
    assert found.wal_bytes is not None
    assert found.wal_bytes > 1_000_000
    assert found.written_bytes is not None
    assert found.written_bytes > 0
    assert found.cpu_s is None
    assert [each.id for each in found.missing] == ["cpu"]


def test_counters_that_were_reset_are_not_measured(items) -> None:
    with items.read() as session:
        observer = DatabaseObserver(session)
        before = observer.settled(None)
        items.run("SELECT pg_stat_reset()")
        found = observer.between(before, observer.settled(None))
    assert isinstance(found, NotMeasured)
    assert "reset" in found.reason


def test_a_process_named_wrongly_leaves_the_time_unmeasured_with_its_reason(items) -> None:
    with items.read() as session:
        observer = DatabaseObserver(session, server_pid=os.getpid())
        before = observer.settled(observer.cpu_seconds())
        found = did(observer, before)
    assert found.cpu_s is None
    assert "not a PostgreSQL server" in found.missing[0].reason


def test_a_project_is_served_and_the_server_ends_with_the_block(items, site) -> None:
    with (
        serve("shop_site:application", directory=site, environment=environment(items.url), workers=1) as url,
        urllib.request.urlopen(f"{url}/fast") as answer,
    ):
        assert answer.read() == b"(77,)"
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/fast")


def test_the_server_ends_when_the_block_fails(items, site) -> None:
    seen = []
    with pytest.raises(RuntimeError, match="on purpose"):  # noqa: PT012, SIM117
        with serve(
            "shop_site:application", directory=site, environment=environment(items.url), workers=1
        ) as url:
            seen.append(url)
            raise RuntimeError("on purpose")
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(seen[0])


def test_a_project_that_cannot_be_served_says_why(site) -> None:
    with pytest.raises(NotHeld, match="no_such_module"):  # noqa: SIM117
        with serve("no_such_module:application", directory=site, workers=1):
            pass


def test_a_load_generator_that_fails_says_why(site) -> None:
    (site / "requests.jsonl").write_text("nothing\n")
    with pytest.raises(NotHeld, match="the load generator ended"):  # noqa: SIM117
        with Generator("http://127.0.0.1:9", site / "requests.jsonl"):
            pass


def test_what_an_older_server_does_not_count_is_not_measured() -> None:
    with server_of(15, {"autovacuum": "off"}) as server, connect(server.url()) as session:
        observer = DatabaseObserver(session)
        before = observer.settled(observer.cpu_seconds())
        with connect(server.url(), read_only=False) as worker:
            worker.execute("CREATE TABLE items AS SELECT i AS id FROM generate_series(1, 1000) AS i")
            worker.rows("SELECT count(*) FROM items")
        found = did(observer, before)
    assert found.seq_rows >= 1000
    assert found.wal_bytes is not None
    assert found.wal_bytes > 0
    assert found.read_bytes is None
    assert "version 16" in next(each.reason for each in found.missing if each.id == "io")
