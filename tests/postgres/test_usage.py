"""What `usage` says against the truth: counted scans, counted blocks, a bloated index, and every case that is no drop."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.postgres.conftest import Database, make_database
from tests.postgres.majors import MAJORS, engine_of, server_of

from indexical.cli import main
from indexical.errors import DatabaseError
from indexical.pg.session import Session, connect
from indexical.twin.server import PrivateServer
from indexical.usage import Store, sample

pytestmark = pytest.mark.postgres

SETTINGS = {
    "autovacuum": "off",
    "shared_preload_libraries": "pg_stat_statements",
    "wal_level": "replica",
    "max_replication_slots": "2",
}
ROWS = 20_000
SECONDS = ["--unused-after", "0.001s"]


@dataclass(frozen=True, slots=True)
class Shop:
    """A database with one index of every sort, and the way to ask for its use."""

    database: Database
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def usage(self, *words: str, url: str = "", code: int = 0) -> str:
        assert main(["usage", url or self.database.url, *words]) == code
        out, err = self.capsys.readouterr()
        return out if code == 0 else err

    def document(self, *words: str, url: str = "") -> dict[str, Any]:
        return dict(json.loads(self.usage("--format", "json", *words, url=url)))

    def indexes(self, *words: str) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in self.document(*words)["indexes"]}

    def scan(self, sql: str, times: int = 1) -> None:
        with self.database.read() as session:
            session.set("enable_seqscan", "off")
            session.set("enable_bitmapscan", "off")
            session.set("max_parallel_workers_per_gather", "0")
            for _ in range(times):
                session.rows(sql)
            flush(session)

    @property
    def samples(self) -> str:
        return str(self.folder / "usage.sqlite")

    def sampled_days_ago(self, days: float) -> None:
        """A sample as it would have been taken then."""
        with self.database.read() as session:
            now = sample(session)
        then = datetime.fromisoformat(now.taken_at) - timedelta(days=days)
        with Store(Path(self.samples)) as store:
            store.add(replace(now, taken_at=then.isoformat(timespec="microseconds")))


def flush(session: Session) -> None:
    session.rows("SELECT pg_stat_force_next_flush()")


@pytest.fixture(scope="module", params=MAJORS)
def counting(request: pytest.FixtureRequest) -> Iterator[PrivateServer]:
    with server_of(request.param, SETTINGS) as server:
        yield server


@pytest.fixture
def shop(
    counting: PrivateServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    monkeypatch.chdir(tmp_path)
    database = Database(make_database(counting))
    database.run(
        "CREATE TABLE customer (id int PRIMARY KEY)",
        "CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customer, state int, total int, code int)",
        "INSERT INTO customer SELECT generate_series(1, 100)",
        f"INSERT INTO orders SELECT i, i % 100 + 1, i % 50, i, i FROM generate_series(1, {ROWS}) i",
        "CREATE INDEX by_state ON orders (state)",
        "CREATE INDEX by_state_again ON orders (state)",
        "CREATE INDEX by_customer ON orders (customer)",
        "CREATE INDEX nobody ON orders (total)",
        "CREATE UNIQUE INDEX code_once ON orders (code)",
        "VACUUM ANALYZE",
    )
    return Shop(database, tmp_path, capsys)


def test_scans_and_rows_are_counted_to_the_last_one(shop: Shop) -> None:
    before = shop.indexes()
    # Equality: for a range at an end of the values the planner looks at the index as well, and that is counted.
    shop.scan("SELECT id FROM orders WHERE id IN (7)", times=7)
    shop.scan("SELECT total FROM orders WHERE total = 11", times=3)
    after = shop.indexes()
    gained = {name: after[name]["scans"] - before[name]["scans"] for name in after}
    assert gained == {**dict.fromkeys(after, 0), "orders_pkey": 7, "nobody": 3}
    assert after["orders_pkey"]["tuples_read"] - before["orders_pkey"]["tuples_read"] == 7
    assert after["nobody"]["tuples_read"] - before["nobody"]["tuples_read"] == 3
    with shop.database.read() as session:
        (size,) = session.rows("SELECT pg_relation_size('nobody') AS bytes")
        newest = session.server_version >= 160000
    assert after["nobody"]["size"] == size["bytes"]
    assert bool(after["nobody"]["last_used"]) == newest


def test_each_index_has_the_verdict_that_is_true_of_it(shop: Shop) -> None:
    shop.scan("SELECT id FROM orders WHERE state = 3", times=2)
    with shop.database.open() as session:
        session.rows("SELECT count(*) FROM orders")
        with pytest.raises(DatabaseError):
            session.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON orders (state)")
    found = shop.indexes(*SECONDS)
    verdicts = {name: each["verdict"] for name, each in found.items()}
    assert verdicts.pop("by_state_again") == "duplicate"
    # Which of the two equal ones was scanned is the planner's whim; the one that stays does the work of both.
    assert verdicts.pop("by_state") in ("used", "needed")
    # The rows of customer were looked up by the foreign key's check.
    assert verdicts == {
        "customer_pkey": "used",
        "orders_pkey": "needed",
        "by_customer": "needed",
        "nobody": "unused",
        "code_once": "needed",
        "broken": "invalid",
    }
    assert "foreign key" in found["by_customer"]["reason"]
    assert "unique" in found["code_once"]["reason"]
    text = shop.usage(*SECONDS)
    unused = text[text.index("Unused (") : text.index("Without scans, and needed")]
    assert "public.nobody" in unused
    assert "code_once" not in unused
    assert "by_customer" not in unused


def test_young_counters_are_too_early_and_no_change_is_proposed(shop: Shop) -> None:
    shop.scan("SELECT id FROM orders WHERE state = 3")
    found = shop.indexes()
    assert found["nobody"]["verdict"] == "too-early"
    assert found["nobody"]["window"]["since"]
    assert "7 days are needed" in found["nobody"]["reason"]
    text = shop.usage()
    assert "Unused (0)" in text
    assert "Drop public.nobody" not in text


def test_counters_that_are_all_zero_call_nothing_unused(shop: Shop) -> None:
    with shop.database.open() as session:
        session.rows("SELECT pg_stat_reset()")
        flush(session)
    time.sleep(1.1)
    document = shop.document(*SECONDS)
    assert {each["verdict"] for each in document["indexes"]} & {"unused", "used"} == set()
    assert document["cache"]["index"]["ratio"] is None
    text = shop.usage()
    assert "no hit ratio yet" in text
    assert "Warning" not in text


def test_samples_of_eight_days_make_a_window_and_a_reset_takes_it_back(shop: Shop) -> None:
    shop.sampled_days_ago(8)
    shop.scan("SELECT id FROM orders WHERE state = 3")
    kept = ["--samples", shop.samples]
    assert shop.indexes(*kept)["nobody"]["verdict"] == "unused"
    assert "over 8 days" in shop.indexes(*kept)["nobody"]["reason"]
    with shop.database.open() as session:
        session.rows("SELECT pg_stat_reset()")
    shop.scan("SELECT id FROM orders WHERE state = 3")
    found = shop.indexes(*kept)["nobody"]
    assert found["verdict"] == "too-early"
    assert "Drop public.nobody" not in shop.usage(*kept)


@pytest.mark.slow
def test_a_crash_is_too_early_although_the_database_does_not_tell_of_it(shop: Shop) -> None:
    shop.sampled_days_ago(8)
    victim, witness = connect(shop.database.url), connect(shop.database.url)
    os.kill(victim.backend_pid, signal.SIGKILL)
    _until_it_is_cut_off(witness)
    victim.close()
    witness.close()
    _until_it_answers(shop.database.url)
    shop.scan("SELECT id FROM orders WHERE state = 3")
    found = shop.indexes("--samples", shop.samples)["nobody"]
    assert found["verdict"] == "too-early"
    assert found["scans"] == 0


def _until_it_is_cut_off(session: Session) -> None:
    """Until then the server has not noticed the crash, and would take connections that it ends a moment later."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            session.rows("SELECT 1 AS one")
        except DatabaseError:
            return
        time.sleep(0.05)
    pytest.fail("the server takes no notice of the crash")


def _until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        time.sleep(0.2)
        try:
            with connect(url) as session:
                session.rows("SELECT 1 AS one")
                return
        except DatabaseError:
            assert time.monotonic() < deadline


def test_a_standby_that_nobody_looked_at_is_not_measured(shop: Shop) -> None:
    shop.scan("SELECT id FROM orders WHERE state = 3")
    with shop.database.open() as session:
        session.rows("SELECT pg_create_physical_replication_slot('far_away')")
    try:
        found = shop.indexes(*SECONDS)["nobody"]
    finally:
        with shop.database.open() as session:
            session.rows("SELECT pg_drop_replication_slot('far_away')")
    assert found["verdict"] == "not-measured"
    assert "the primary has 1 standby and 0 were sampled" in found["reason"]


def test_hits_are_the_blocks_that_were_asked_for(shop: Shop) -> None:
    statements = ("SELECT count(*) FROM orders", "SELECT sum(total) FROM orders WHERE id < 5000")
    asked = hit = 0
    with shop.database.open() as session:
        session.set("max_parallel_workers_per_gather", "0")
        for sql in statements:
            # Getting to know a table's indexes reads a block of each, which no plan shows.
            session.rows(sql)
        flush(session)
        session.rows("SELECT pg_stat_reset()")
        for sql in statements:
            for _ in range(12):
                (row,) = session.rows(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
                (plan,) = row["QUERY PLAN"]
                hit += plan["Plan"]["Shared Hit Blocks"]
                asked += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        flush(session)
    document = shop.document()
    (table,) = [each for each in document["tables"] if each["name"] == "orders"]
    both = [table["index_cache"], table["heap_cache"]]
    assert sum(each["hit"] for each in both) == hit
    assert sum(each["hit"] + each["read"] for each in both) == asked
    assert document["cache"]["heap"]["ratio"] == pytest.approx(
        table["heap_cache"]["hit"] / (table["heap_cache"]["hit"] + table["heap_cache"]["read"])
    )


def test_writes_and_the_heap_only_share_are_counted(shop: Shop) -> None:
    shop.database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, seen int, name int) WITH (fillfactor = 40)",
        "CREATE INDEX counters_name ON counters (name)",
        "INSERT INTO counters SELECT i, 0, i FROM generate_series(1, 100) i",
        "UPDATE counters SET seen = 1",
        "UPDATE counters SET name = name + 1 WHERE id <= 20",
    )
    (table,) = [each for each in shop.document()["tables"] if each["name"] == "counters"]
    assert (table["inserts"], table["updates"], table["hot_updates"]) == (100, 120, 100)
    assert table["hot_share"] == pytest.approx(100 / 120)
    assert table["index_entries"] == 2 * (100 + 20)


@pytest.mark.parametrize("exact", [False, True])
def test_a_bloated_index_is_flagged_and_a_fresh_one_is_not(shop: Shop, exact: bool) -> None:
    shop.database.run(
        "CREATE TABLE worn (id int, kept int)",
        "INSERT INTO worn SELECT i, i FROM generate_series(1, 100000) i",
        "CREATE INDEX worn_id ON worn (id)",
        "DELETE FROM worn WHERE id % 10 <> 0",
        "VACUUM ANALYZE worn",
        "CREATE INDEX fresh_id ON worn (id, kept)",
        *(["CREATE EXTENSION pgstattuple"] if exact else []),
    )
    found = shop.indexes(*(["--exact-bloat"] if exact else []))
    how = "measured" if exact else "estimate"
    assert (found["worn_id"]["bloat"]["how"], found["worn_id"]["bloat"]["bloated"]) == (how, True)
    assert (found["fresh_id"]["bloat"]["how"], found["fresh_id"]["bloat"]["bloated"]) == (how, False)
    before = found["worn_id"]["size"]
    shop.database.run("REINDEX INDEX worn_id")
    with shop.database.read() as session:
        (size,) = session.rows("SELECT pg_relation_size('worn_id') AS bytes")
    # What was promised came back, to a tenth of the index.
    assert abs((before - size["bytes"]) - found["worn_id"]["bloat"]["wasted"]) < before / 10


def test_a_role_with_nothing_gets_figures_and_the_exact_words_for_the_rest(shop: Shop) -> None:
    shop.scan("SELECT id FROM orders WHERE state = 3")
    shop.database.run(
        "DROP ROLE IF EXISTS clerk", "CREATE ROLE clerk LOGIN", "CREATE EXTENSION pg_stat_statements",
        "CREATE EXTENSION pgstattuple",
    )  # fmt: skip
    url = shop.database.url.replace("//postgres@", "//clerk@")
    document = shop.document("--exact-bloat", url=url)
    missing = {each["what"]: each["why"] for each in document["missing"]}
    assert {each["name"] for each in document["indexes"]} >= {"nobody", "by_state"}
    assert max(each["scans"] for each in document["indexes"]) > 0
    assert "GRANT pg_read_all_stats" in missing["slow statements"]
    assert "GRANT pg_stat_scan_tables" in missing["exact bloat"]
    assert any(what.startswith("bloat of ") for what in missing)


def test_what_is_not_installed_is_named_with_its_statement(shop: Shop) -> None:
    missing = {each["what"]: each["why"] for each in shop.document("--exact-bloat")["missing"]}
    assert "CREATE EXTENSION pg_stat_statements" in missing["slow statements"]
    assert "CREATE EXTENSION pgstattuple" in missing["exact bloat"]


def test_a_server_that_does_not_count_calls_nothing_unused(shop: Shop) -> None:
    shop.scan("SELECT id FROM orders WHERE state = 3")
    with shop.database.open() as session:
        session.execute(
            "ALTER DATABASE " + shop.database.url.split("/")[3].split("?")[0] + " SET track_counts = off"
        )
    document = shop.document(*SECONDS)
    assert "unused" not in {each["verdict"] for each in document["indexes"]}
    assert "track_counts is off" in str(document["missing"])


def test_a_sample_is_one_line_and_the_review_is_made_of_samples(shop: Shop) -> None:
    shop.database.run("CREATE EXTENSION pg_stat_statements")
    line = shop.usage("--sample")
    assert line.count("\n") == 1
    assert f"kept in {Path('.indexical') / 'usage.sqlite'}" in line
    shop.scan("SELECT id FROM orders WHERE id = 77", times=5)
    shop.database.run(
        f"INSERT INTO orders SELECT i, 1, 1, i, i FROM generate_series({ROWS + 1}, {ROWS * 2}) i"
    )
    shop.usage("--sample")
    review = shop.document("--review", "weekly")["review"]
    assert {each["index"]: each["scans"] for each in review["scans"]}["public.orders_pkey"] == 5
    assert [each["calls"] for each in review["statements"] if "id = $1" in each["sql"]] == [5]
    grown = {each["name"]: each for each in review["growth"]}
    assert grown["public.orders"]["after"] > 1.8 * grown["public.orders"]["before"] > 0
    assert review["samples"] == 3
    markdown = shop.usage("--review", "monthly", "--format", "markdown")
    heads = [
        head[3:].split(" \\(")[0].split(" (")[0] for head in markdown.splitlines() if head.startswith("## ")
    ]
    assert heads[1:6] == ["Use in the period", "Unused", "Slow statements", "Growth", "Changes proposed"]
    page = shop.folder / "review.html"
    shop.usage("--review", "quarterly", "--format", "html", "-o", str(page))
    assert "<h1>Quarterly review of" in page.read_text()
    assert shop.usage("--sample", "--keep", "0s").endswith("removed)\n")


def test_a_file_that_is_not_there_is_named_before_anything_is_read(shop: Shop) -> None:
    assert "take the first sample with" in shop.usage("--samples", "nowhere.sqlite", code=2)
    assert "leave out --review" in shop.usage("--sample", "--review", "weekly", code=2)
    assert list(shop.folder.iterdir()) == []


def test_the_same_server_named_twice_and_another_database_are_refused(shop: Shop) -> None:
    line = shop.usage("--node", shop.database.url, code=2)
    assert "replica 1 is primary once more" in line
    elsewhere = re.sub(r"/test_\d+\?", "/postgres?", shop.database.url)
    assert "replica 1 is not a server of the source's cluster" in shop.usage("--node", elsewhere, code=2)
    assert "--node needs a connection URL" in shop.usage("--node", "", code=2)


@pytest.fixture(scope="module", params=MAJORS)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A primary and a standby made from its files."""
    engine = engine_of(request.param)
    settings = {"autovacuum": "off", "wal_level": "replica", "max_wal_senders": "2", "hot_standby": "on"}
    # Not below pytest's own folder, which the server's user cannot reach.
    folder = Path(tempfile.mkdtemp(prefix="indexical-usage-"))
    folder.chmod(0o755)
    primary = PrivateServer(engine, directory=folder, settings=settings)
    try:
        with primary:
            Database(primary.url()).run(
                "CREATE TABLE t (a int PRIMARY KEY, b int, c int)",
                "CREATE INDEX there ON t (b)",
                "CREATE INDEX here ON t (c)",
                "INSERT INTO t SELECT i, i % 100, i % 100 FROM generate_series(1, 5000) i",
                "VACUUM ANALYZE",
            )
        mark = folder / "data" / "standby.signal"
        mark.touch()
        standby = PrivateServer(engine, settings=settings, template=folder / "data")
        try:
            standby.start()
            mark.unlink()
            with primary:
                yield primary.url(), standby.url()
        finally:
            standby.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_an_index_that_only_a_standby_scans_is_used(
    pair: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    primary, standby = pair
    for url, column, times in ((primary, "c", 2), (standby, "b", 3)):
        Shop(Database(url), tmp_path, capsys).scan(f"SELECT a FROM t WHERE {column} = 5", times)
    shop = Shop(Database(primary), tmp_path, capsys)
    assert shop.indexes(*SECONDS)["there"]["verdict"] == "unused"
    both = shop.indexes(*SECONDS, "--node", standby)
    assert (both["there"]["verdict"], both["there"]["scans"]) == ("used", 3)
    assert (both["here"]["verdict"], both["here"]["scans"]) == ("used", 2)
    assert "3 on replica 1" in both["there"]["reason"]
    # Seen from the standby alone, nobody has counted the primary.
    assert Shop(Database(standby), tmp_path, capsys).indexes(*SECONDS)["here"]["verdict"] == "not-measured"
