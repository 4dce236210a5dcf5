"""Rows 30, 35, 36, 37 and 62: standbys, the write-ahead log's disk, and a pooler in between."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from indexical.apply.checks.room import wal
from indexical.apply.checks.server import server
from indexical.apply.checks.standbys import readers, standbys
from indexical.apply.statements import create_statement, drop_statement
from indexical.errors import DatabaseError
from indexical.model import Index, Key
from indexical.pg.session import connect
from tests.faults.harness import (
    Cluster,
    Place,
    Tool,
    advice_file,
    apply_here,
    build_in_thread,
    expect,
    our_backends,
    standby,
    waits_until,
)
from tests.faults.looking import STATUS, USER, look, only, refused, take_out, warned

BUILD = ("orders_by_user", USER)
MEGABYTE = 1024 * 1024
CALLED_OFF = "57014"
"""The SQLSTATE of a report that nobody but this test has ended."""


@contextmanager
def missing_standby(place: Place) -> Iterator[None]:
    """Every commit waits for somebody who is not there; the application of the harness does not."""
    place.cluster.set(synchronous_standby_names="gone")
    try:
        yield
    finally:
        place.cluster.set(synchronous_standby_names="")


@pytest.mark.fault(30, "sync standby gone")
def test_a_synchronous_standby_that_is_missing_is_refused(own_place: Place) -> None:
    own_place.allow(waits=True, writes=True)
    with missing_standby(own_place):
        finding = only(look(own_place, BUILD), "P23")
    assert finding.severity == "refuse"
    assert look(own_place, BUILD) == ()


@pytest.mark.fault(30, "sync standby gone")
def test_a_synchronous_standby_that_is_there_is_no_obstacle(own_place: Place) -> None:
    with standby(own_place.cluster, "cluster_name=near"):
        own_place.cluster.set(synchronous_standby_names="ANY 1 (near, far)")
        waits_until(lambda: "P23" not in refused(look(own_place, BUILD)))
        assert refused(look(own_place, BUILD)) == []
        own_place.cluster.set(synchronous_standby_names="")


@pytest.mark.guard(30)
def test_without_the_check_the_build_hangs_in_its_commit(
    own_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, standbys)
    own_place.allow(waits=True, writes=True)
    with missing_standby(own_place):
        assert refused(look(own_place, BUILD)) == []
        build = build_in_thread(own_place, create_statement(*BUILD))
        waits_until(lambda: waits_in_sync(own_place), what="the wait for the standby")
    build.result(60)


def waits_in_sync(place: Place) -> bool:
    pids = our_backends(place)
    with place.open(name="application looking on") as session:
        rows = session.rows(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid = ANY (%s)",
            (list(pids),),
        )
    return bool(rows[0]["n"])


@contextmanager
def small_log_disk(cluster: Cluster, megabytes: int) -> Iterator[Path]:
    """pg_wal on a disk of its own; skips where nothing may be mounted."""
    disk = cluster.sockets / "small"
    disk.mkdir()
    size = f"size={megabytes}m"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("not proven: no disk may be mounted here")
    try:
        cluster.stop()
        shutil.copytree(cluster.data / "pg_wal", disk / "pg_wal")
        shutil.rmtree(cluster.data / "pg_wal")
        (cluster.data / "pg_wal").symlink_to(disk / "pg_wal")
        subprocess.run(["chown", "-R", "--reference", str(cluster.data), str(disk)], check=True)
        cluster.start()
        yield disk
    finally:
        # Room again, so that the server can come up for the look at the end; it goes with the test's own server.
        cluster.stop("immediate")
        subprocess.run(["mount", "-o", "remount,size=512m", str(disk)], capture_output=True, check=False)
        cluster.start()
        cluster.stop("fast")
        (cluster.data / "pg_wal").unlink()
        shutil.copytree(disk / "pg_wal", cluster.data / "pg_wal")
        subprocess.run(
            ["chown", "-R", "--reference", str(cluster.data), str(cluster.data / "pg_wal")], check=True
        )
        subprocess.run(["umount", str(disk)], check=True)
        cluster.start()


def write_log(place: Place, disk: Path, leave: int) -> None:
    """Fills the log's disk until about ``leave`` bytes are free."""
    with place.cluster.open(place.database) as connection:
        for _ in range(400):
            found = os.statvfs(disk)
            if found.f_bavail * found.f_frsize < leave:
                return
            connection.execute("SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000))")
            connection.execute("SELECT pg_switch_wal()")


def inactive_slot(place: Place) -> None:
    with place.cluster.open(place.database) as connection:
        connection.execute("SELECT pg_create_physical_replication_slot('forgotten', true)")


@pytest.mark.fault(35, "pg_wal nearly full, inactive slot")
def test_a_full_log_disk_with_a_forgotten_slot_is_refused_and_the_server_stays_up(own_place: Place) -> None:
    cluster = own_place.cluster
    with small_log_disk(cluster, 192) as disk:
        inactive_slot(own_place)
        findings = look(own_place, BUILD)
        assert refused(findings) == []
        assert only(findings, "P22").severity == "warn"
        write_log(own_place, disk, 40 * MEGABYTE)
        findings = look(own_place, BUILD)
        assert refused(findings) == ["P21"]
        assert "forgotten" in only(findings, "P22").subject
        assert cluster.running
        with cluster.open() as connection:
            connection.execute("SELECT pg_drop_replication_slot('forgotten')")


@pytest.mark.guard(35)
def test_without_the_check_the_build_takes_the_server_down(
    own_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, wal)
    own_place.allow(waits=True, writes=True, pending="the server went down")
    own_place.run(
        "CREATE TABLE public.bulk AS SELECT i AS id, md5(i::text) AS text FROM generate_series(1, 1200000) i"
    )
    bulk = Index("public", "bulk", (Key.asc("text"),))
    cluster = own_place.cluster
    with small_log_disk(cluster, 192) as disk:
        inactive_slot(own_place)
        write_log(own_place, disk, 33 * MEGABYTE)
        assert refused(look(own_place, ("bulk_text_idx", bulk))) == []
        own_place.expect_change("bulk_text_idx")
        with (
            suppress(DatabaseError),
            connect(own_place.url, read_only=False, statement_timeout_ms=0) as session,
        ):
            session.execute("CREATE INDEX CONCURRENTLY bulk_text_idx ON public.bulk (text)")
        waits_until(lambda: not cluster.running, what="the end of the server")
        assert not cluster.running
    with cluster.open(own_place.database) as connection:
        connection.execute("DROP INDEX IF EXISTS public.bulk_text_idx")
        connection.execute("SELECT pg_drop_replication_slot('forgotten')")


@pytest.mark.fault(36, "replica lag over limit")
def test_a_standby_too_far_behind_is_refused_until_it_has_caught_up(own_place: Place) -> None:
    with standby(own_place.cluster) as copy:
        waits_until(lambda: follows(own_place), what="the standby at the primary's heels")
        assert refused(look(own_place, BUILD, lag_bytes=MEGABYTE)) == []
        late(own_place, copy)
        finding = only(look(own_place, BUILD, lag_bytes=MEGABYTE), "P24")
        assert finding.severity == "refuse"
        assert refused(look(own_place, BUILD)) == []
        with copy.open() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")
        waits_until(lambda: refused(look(own_place, BUILD, lag_bytes=MEGABYTE)) == [])


def late(place: Place, copy: Cluster) -> None:
    with copy.open() as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
    with place.cluster.open(place.database) as connection:
        for _ in range(4):
            connection.execute("SELECT pg_logical_emit_message(false, 'late', repeat('x', 1000000))")


def follows(place: Place) -> bool:
    """Whether the standby streams and has said that it applied what there is.

    The base back-up ends one file of the log and begins another, which counts as behind until the standby speaks again.
    """
    return bool(
        place.value(
            "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' "
            "AND pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) < 100000"
        )
    )


@pytest.mark.guard(36)
def test_without_the_check_the_build_goes_on_and_the_standby_falls_further_behind(
    own_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, standbys)
    behind = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint FROM pg_stat_replication"
    with standby(own_place.cluster) as copy:
        waits_until(lambda: follows(own_place), what="the standby at the primary's heels")
        late(own_place, copy)
        before = own_place.value(behind)
        assert refused(look(own_place, BUILD, lag_bytes=MEGABYTE)) == []
        (outcome,) = apply_here(own_place, create_statement(*BUILD))
        after = own_place.value(behind)
    expect(outcome, "applied")
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert after > before


@contextmanager
def query_on(copy: Cluster, place: Place) -> Iterator[list[str]]:
    """A report on the standby that lasts as long as the context; the list gets the SQLSTATE with which it was ended."""
    ended: list[str] = []

    def work() -> None:
        try:
            with connect(copy.url(place.database), application_name="application report") as session:
                session.rows("SELECT count(*) FROM public.orders, pg_sleep(50) WHERE user_id = 3")
        except DatabaseError as error:
            ended.append(error.code)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    with copy.open(place.database) as connection:
        waits_until(
            lambda: connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE application_name = 'application report' AND wait_event = 'PgSleep'"
            ).fetchone(),
            what="the report on the standby",
        )
        yield ended
        connection.execute(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'application report'"
        )
    thread.join(60)
    assert not thread.is_alive()


@pytest.fixture
def read_elsewhere(own_place: Place) -> Iterator[tuple[Place, Cluster]]:
    own_place.run("CREATE INDEX orders_by_user ON public.orders (user_id)")
    own_place.expect_change("orders_by_user")
    with standby(own_place.cluster, "max_standby_streaming_delay=300ms") as copy:
        waits_until(lambda: follows(own_place), what="the standby at the primary's heels")
        with own_place.cluster.open() as connection:
            lsn = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
        with copy.open() as connection:
            waits_until(
                lambda: (
                    connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", lsn).fetchone()
                    == (True,)
                )
            )
        yield own_place, copy


@pytest.mark.fault(37, "standby query would be killed by DIC/RIC")
def test_a_drop_that_can_end_a_query_on_a_standby_is_told_with_delay_and_age(
    read_elsewhere: tuple[Place, Cluster],
) -> None:
    place, copy = read_elsewhere
    old = place.indexes()["orders_by_user"]
    with query_on(copy, place) as ended, connect(copy.url(place.database)) as replica:
        findings = look(place, drops=[old], replicas=[replica])
        assert look(place, ("orders_by_status", STATUS)) == ()
        unseen = look(place, drops=[old])
    finding = only(findings, "P25")
    assert finding.severity == "warn"
    assert "0.3 s (max_standby_streaming_delay" in finding.message
    assert "'application report'" in finding.message
    assert "neither that setting nor those queries were examined" in only(unseen, "P25").message
    assert ended == [CALLED_OFF]


@pytest.mark.guard(37)
def test_without_the_warning_the_query_is_ended_unannounced(
    read_elsewhere: tuple[Place, Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, readers)
    place, copy = read_elsewhere
    old = place.indexes()["orders_by_user"]
    with query_on(copy, place) as ended:
        assert warned(look(place, drops=[old])) == []
        (outcome,) = apply_here(place, drop_statement(old))
        waits_until(lambda: ended, 40, what="the end of the report")
    expect(outcome, "applied")
    assert ended == ["40001"]


POOLER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture
def pooled(place: Place) -> Iterator[str]:
    """The URL of the place through PgBouncer in transaction mode."""
    if POOLER is None:
        pytest.skip("not proven: PgBouncer is not installed")
    cluster = place.cluster
    folder = cluster.sockets / f"pooler-{place.database}"
    folder.mkdir()
    (folder / "users.txt").write_text('"postgres" ""\n')
    (folder / "pooler.ini").write_text(
        f"[databases]\n{place.database} = host={cluster.sockets} port={cluster.port} dbname={place.database} user=postgres\n"
        f"[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = {folder}\nauth_type = any\nauth_file = {folder}/users.txt\n"
        f"pool_mode = transaction\nlogfile = {folder}/pooler.log\npidfile = {folder}/pooler.pid\n"
        "ignore_startup_parameters = extra_float_digits\n"
    )
    subprocess.run(["chown", "-R", "--reference", str(cluster.data), str(folder)], check=True)
    process = subprocess.Popen(
        [POOLER, str(folder / "pooler.ini")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **cluster.engine.identity(),
    )  # type: ignore[call-overload]  # fmt: skip
    try:
        waits_until(lambda: listens(folder / ".s.PGSQL.6432"), what="PgBouncer's start")
        yield f"postgresql://postgres@/{place.database}?host={folder}&port=6432"
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)


def listens(path: Path) -> bool:
    """Whether somebody takes connections there: a socket is in its folder a moment before that."""
    with socket.socket(socket.AF_UNIX) as attempt:
        return attempt.connect_ex(str(path)) == 0


@pytest.mark.fault(62, "PgBouncer transaction mode")
def test_a_pooler_is_refused_within_a_second(place: Place, pooled: str) -> None:
    began = time.monotonic()
    look(place, BUILD)
    directly = time.monotonic() - began
    began = time.monotonic()
    findings = look(place, BUILD, url=pooled)
    # Beyond what the same look takes without a pooler, which is as fast as the machine.
    assert time.monotonic() - began < directly + 1
    assert "P02" in refused(findings)
    assert "host and port" in only(findings, "P02").remedy
    assert refused(look(place, BUILD)) == []


@pytest.mark.fault(62, "PgBouncer transaction mode")
def test_the_command_refuses_a_pooler_with_exit_code_3(place: Place, pooled: str) -> None:
    with Tool(place, "apply", "--advice", advice_file(place, [BUILD]), source=pooled) as tool:
        assert tool.wait() == 3
        assert "P02" in tool.err
    assert set(place.indexes()) == {"orders_pkey"}


@pytest.mark.guard(62)
def test_without_the_check_a_setting_reaches_somebody_elses_session(
    place: Place, pooled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, server)
    assert "P02" not in refused(look(place, BUILD, url=pooled))
    with connect(pooled, read_only=False) as ours:
        ours.set("work_mem", "77MB")
    with connect(pooled) as theirs:
        assert theirs.rows("SHOW work_mem")[0]["work_mem"] == "77MB"
