"""Use counters of a source and its standbys become one; strangers and doubles are refused."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.postgres.conftest import Database
from tests.postgres.majors import MAJORS, engine_of

from indexical.catalog import snapshot
from indexical.catalog.file import load
from indexical.cli import main
from indexical.errors import InputError
from indexical.model import Catalog
from indexical.pg.session import connect
from indexical.twin.server import PrivateServer

pytestmark = pytest.mark.postgres

SETTINGS = {"autovacuum": "off", "wal_level": "replica", "max_wal_senders": "2", "hot_standby": "on"}


@dataclass(frozen=True, slots=True)
class Cluster:
    primary: Database
    standby: Database


@pytest.fixture(scope="module", params=MAJORS)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    engine = engine_of(request.param)
    # Not below pytest's own folder, which the server's user cannot reach.
    folder = Path(tempfile.mkdtemp(prefix="indexical-nodes-"))
    folder.chmod(0o755)
    primary = PrivateServer(engine, directory=folder, settings=SETTINGS)
    try:
        with primary:
            Database(primary.url()).run(
                "CREATE TABLE t (a int PRIMARY KEY, b int)",
                "CREATE INDEX read_there ON t (b)",
                "INSERT INTO t SELECT i, i % 100 FROM generate_series(1, 5000) i",
                "VACUUM ANALYZE",
                "CREATE DATABASE other",
            )
        signal = folder / "data" / "standby.signal"
        signal.touch()
        standby = PrivateServer(engine, settings=SETTINGS, template=folder / "data")
        try:
            standby.start()
            signal.unlink()
            with primary:
                yield Cluster(Database(primary.url()), Database(standby.url()))
        finally:
            standby.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def scan(database: Database, times: int) -> None:
    with database.read() as session:
        session.set("enable_seqscan", "off")
        for _ in range(times):
            session.rows("SELECT count(*) FROM t WHERE b = 5")
        session.rows("SELECT pg_stat_force_next_flush()")


def scans(catalog: Catalog) -> int:
    (found,) = [each.scans for each in catalog.indexes() if each.name == "read_there"]
    return found


def test_scans_of_a_standby_count_and_each_window_is_kept(cluster: Cluster) -> None:
    with cluster.primary.read() as source, cluster.standby.read() as replica:
        before = snapshot(source, replicas=[replica])
    scan(cluster.primary, 2)
    scan(cluster.standby, 3)
    with cluster.primary.read() as source, cluster.standby.read() as replica:
        alone = snapshot(source)
        both = snapshot(source, replicas=[replica])
        major = source.server_version // 10000
    assert alone.nodes == ()
    assert scans(both) - scans(before) == 5
    assert scans(both) - scans(alone) >= 3
    assert [(node.name, node.standby) for node in both.nodes] == [("source", False), ("replica 1", True)]
    assert both.statistics_since == max(node.statistics_since for node in both.nodes)
    if major >= 16:
        (last,) = [each.last_used for each in both.indexes() if each.name == "read_there"]
        assert last > both.taken_at[:4]


def test_a_snapshot_from_a_standby_takes_the_writes_from_the_primary(cluster: Cluster) -> None:
    cluster.primary.run("UPDATE t SET b = b WHERE a <= 70")
    with cluster.primary.open() as session:
        session.rows("SELECT pg_stat_force_next_flush()")
    with cluster.standby.read() as source, cluster.primary.read() as primary:
        alone, both = snapshot(source), snapshot(source, replicas=[primary])
        assert alone.tables[0].writes.updates == 0
        assert both.tables[0].writes.updates >= 70
        assert both.tables[0].writes.seconds > 0
        assert [node.standby for node in both.nodes] == [True, False]
    assert "writes" in dict(alone.not_examined)
    assert "writes" not in dict(both.not_examined)


def test_a_server_named_twice_is_refused(cluster: Cluster) -> None:
    with (
        cluster.primary.read() as source,
        cluster.primary.read() as again,
        pytest.raises(InputError, match="replica 1 is the source once more"),
    ):
        snapshot(source, replicas=[again])
    with (
        cluster.primary.read() as source,
        cluster.standby.read() as one,
        cluster.standby.read() as two,
        pytest.raises(InputError, match="replica 2 is replica 1 once more"),
    ):
        snapshot(source, replicas=[one, two])


def test_another_database_and_another_cluster_are_refused(cluster: Cluster, database: Database) -> None:
    for url in (cluster.primary.url.replace("/postgres?", "/other?"), database.url):
        with (
            cluster.primary.read() as source,
            connect(url) as stranger,
            pytest.raises(InputError, match="not a standby of the source"),
        ):
            snapshot(source, replicas=[stranger])


def test_the_command_merges_and_says_so(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "s"
    words = [
        "snapshot",
        cluster.primary.url,
        "--replica",
        cluster.standby.url,
        "--no-values",
        "-o",
        str(target),
    ]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert "replica 1: " in out
    assert "Sample values are left out" in out
    assert "sample values of columns: left out" in err
    assert len(load(target).nodes) == 2


def test_a_node_that_cannot_be_reached_is_one_line_and_no_file(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = "postgresql://u:canary-pw@127.0.0.1:1/postgres"
    words = ["snapshot", cluster.primary.url, "--replica", nowhere, "-o", str(tmp_path / "s")]
    assert main(words) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "127.0.0.1" in err
    assert "canary-pw" not in err
    assert list(tmp_path.iterdir()) == []
