"""The back-up before a change: made, checked, put in its place whole or not at all, and never telling a password."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tests.postgres.change.conftest import Database
from tests.postgres.majors import engine_of

from indexical.apply import backup as backup_room
from indexical.apply.backup import back_up, evidence, no_backup
from indexical.errors import DatabaseError, FileRefused, InputError, PreflightRefused
from indexical.pg.dump import find_tools, listing
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer

pytestmark = pytest.mark.postgres

PASSWORD = "canary:pass\\word'7"
ORDERS = [("public", "orders")]


def sessions(database: Database) -> object:
    return database.value(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'indexical%dump' AND pid <> pg_backend_pid()"
    )


def wrapped(folder: Path, script: str) -> str:
    """A pg_dump of our own making beside the engine's pg_restore; the script's REAL is the engine's."""
    engine = find()
    folder.mkdir()
    real = f"LD_LIBRARY_PATH={shlex.quote(engine.library_path)} {shlex.quote(engine.program('pg_dump'))}"
    restore = (
        f"LD_LIBRARY_PATH={shlex.quote(engine.library_path)} exec {shlex.quote(engine.program('pg_restore'))}"
    )
    lines = {
        "pg_dump": f'if [ "$1" = --version ]; then exec env {real} --version; fi\n'
        + script.replace("REAL", f"env {real}"),
        "pg_restore": f'exec env {restore.replace("exec ", "")} "$@"',
    }
    for name, text in lines.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    return str(folder)


def test_a_dump_is_dated_private_listed_and_restorable(orders: Database, tmp_path: Path) -> None:
    folder = tmp_path / "kept" / "backups"
    made = back_up(orders.url, folder, tables=ORDERS)
    path = Path(made.path)
    assert (made.kind, made.schema_only, made.bytes) == ("dump", False, path.stat().st_size)
    assert abs((datetime.now().astimezone() - datetime.fromisoformat(made.made)).total_seconds()) < 60
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [each.name for each in folder.iterdir()] == [path.name]
    entries = listing(find_tools(180000, more=[(find().directory, find().library_path)]), path)
    assert len(entries) == made.listing
    assert any(entry.text.startswith("TABLE DATA public orders ") for entry in entries)


def test_the_structure_alone_holds_no_rows(orders: Database, tmp_path: Path) -> None:
    made = back_up(orders.url, tmp_path, tables=ORDERS, schema_only=True)
    entries = listing(find_tools(180000, more=[(find().directory, find().library_path)]), Path(made.path))
    assert made.schema_only
    assert any(entry.text.startswith("TABLE public orders ") for entry in entries)
    assert not any("TABLE DATA" in entry.text for entry in entries)


def test_an_older_pg_dump_is_refused_with_both_versions(orders: Database, tmp_path: Path) -> None:
    older = engine_of(15)
    with pytest.raises(
        PreflightRefused, match=rf"the server is PostgreSQL 18\.\d+ and .*pg_dump, is {older.version}"
    ):
        back_up(orders.url, tmp_path, pg_dump=str(older.directory / "pg_dump"))
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_pg_dump_is_refused(orders: Database, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a pg_dump with a pg_restore beside it"):
        back_up(orders.url, tmp_path, pg_dump="/bin/true")


def test_a_table_that_is_not_there_cannot_be_backed_up(orders: Database, tmp_path: Path) -> None:
    with pytest.raises(PreflightRefused, match=r"the table public\.nothing is not there"):
        back_up(orders.url, tmp_path, tables=[("public", "nothing")])
    assert list(tmp_path.iterdir()) == []


def test_a_dump_without_the_table_is_no_back_up(orders: Database, tmp_path: Path) -> None:
    tools = wrapped(tmp_path / "bin", 'exec REAL --exclude-table=orders "$@"')
    with pytest.raises(PreflightRefused, match=r"the dump does not hold the table public\.orders"):
        back_up(orders.url, tmp_path / "kept", tables=ORDERS, pg_dump=tools)
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_damaged_dump_is_no_back_up(orders: Database, tmp_path: Path) -> None:
    tools = wrapped(tmp_path / "bin", 'REAL "$@" | head -c 700')
    with pytest.raises(PreflightRefused, match="pg_restore cannot read"):
        back_up(orders.url, tmp_path / "kept", tables=ORDERS, pg_dump=tools)
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_dump_that_takes_too_long_leaves_nothing(orders: Database, tmp_path: Path) -> None:
    tools = wrapped(tmp_path / "bin", "exec sleep 60")
    began = time.monotonic()
    with pytest.raises(PreflightRefused, match="pg_dump was not done after 1 s"):
        back_up(orders.url, tmp_path / "kept", tables=ORDERS, pg_dump=tools, timeout_s=1.0)
    assert time.monotonic() - began < 50
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_locked_table_is_not_waited_for_long(orders: Database, tmp_path: Path) -> None:
    with orders.open() as other, other.transaction(roll_back=True):
        other.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(
            PreflightRefused, match=r"no back-up was made: .*a table was locked by somebody else"
        ):
            back_up(orders.url, tmp_path, tables=ORDERS, lock_wait_ms=300)
    assert list(tmp_path.iterdir()) == []
    assert sessions(orders) == 0


def test_an_interrupted_dump_leaves_no_file_and_no_session(orders: Database, tmp_path: Path) -> None:
    def interrupt(stage: str, share: float, detail: str) -> None:
        raise KeyboardInterrupt

    with orders.open() as other, other.transaction(roll_back=True):
        other.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(KeyboardInterrupt):
            back_up(orders.url, tmp_path, tables=ORDERS, on_event=interrupt)
        assert list(tmp_path.iterdir()) == []
        assert sessions(orders) == 0


def test_a_disk_without_room_is_refused_before_anything_is_written(orders: Database, tmp_path: Path) -> None:
    with pytest.raises(PreflightRefused, match=r"MB free and \d+ MB are needed"):
        back_up(orders.url, tmp_path, tables=ORDERS, floor_bytes=2**60)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(name="small_disk")
def small_disk_fixture(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("not proven: a small file system cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up_leaves_nothing(orders: Database, small_disk: Path) -> None:
    orders.run(
        "CREATE TABLE public.noise AS SELECT md5(random()::text) || md5(random()::text) AS text FROM generate_series(1, 20000)"
    )
    with pytest.raises(PreflightRefused, match="no back-up was made"):
        back_up(orders.url, small_disk, tables=ORDERS, floor_bytes=0)
    assert list(small_disk.iterdir()) == []


def test_the_part_of_a_killed_dump_is_removed_and_one_at_work_is_not(
    orders: Database, tmp_path: Path
) -> None:
    killed, at_work = tmp_path / "a.dump.part", tmp_path / "b.dump.part"
    killed.write_bytes(b"PGDMP")
    with at_work.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        back_up(orders.url, tmp_path, tables=ORDERS, schema_only=True)
        assert not killed.exists()
        assert at_work.exists()


def test_a_session_that_outlives_the_dump_is_ended_before_the_build(orders: Database, tmp_path: Path) -> None:
    engine = find()
    psql = f"env LD_LIBRARY_PATH={engine.library_path} {engine.program('psql')}"
    asks = f'{psql} "${{last#--dbname=}}"'
    sleeping = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)' AND state = 'active'"
    script = (
        f'for last; do :; done\n{asks} -c "SELECT pg_sleep(30)" >/dev/null 2>&1 &\n'
        # Else the dump may be over before that session has begun.
        f'until {asks} -Atc "{sleeping}" | grep -q 1; do sleep 0.05; done\nexec REAL "$@"'
    )
    tools = wrapped(tmp_path / "bin", script)
    back_up(orders.url, tmp_path / "kept", tables=ORDERS, pg_dump=tools)
    assert sessions(orders) == 0


@pytest.fixture(scope="module", name="guarded")
def guarded_fixture() -> Iterator[str]:
    """The URL of a server that asks for a password."""
    with PrivateServer(find()) as server:
        doubled = PASSWORD.replace("'", "''")
        Database(server.url()).run(
            f"CREATE ROLE clerk LOGIN SUPERUSER PASSWORD '{doubled}'", "CREATE TABLE public.orders (id int)"
        )
        settings = server.data_directory / "pg_hba.conf"
        settings.write_text("local all clerk scram-sha-256\nlocal all postgres trust\n")
        Database(server.url()).run("SELECT pg_reload_conf()")
        yield server.url(user="clerk").replace("clerk@", "clerk:canary%3Apass%5Cword%277@")


def test_the_password_reaches_pg_dump_and_nobody_else(guarded: str, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = f"tr '\\0' '\\n' < /proc/$$/cmdline > {seen}\nenv >> {seen}\nexec REAL \"$@\""
    made = back_up(guarded, tmp_path / "kept", tables=ORDERS, pg_dump=wrapped(tmp_path / "bin", script))
    assert made.listing > 0
    told = seen.read_text()
    assert "--dbname=" in told
    assert "passfile='/proc/self/fd/" in told
    assert "canary" not in told
    assert not list(Path(tempfile.gettempdir()).glob("indexical-pgpass-*"))


def test_no_process_shows_the_password_while_the_dump_runs(guarded: str, tmp_path: Path) -> None:
    shown: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    shown.append(path.read_bytes().decode(errors="replace"))
                except OSError:
                    continue

    # It is there long enough to be seen.
    tools = wrapped(tmp_path / "bin", 'sleep 1\nexec REAL "$@"')
    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        back_up(guarded, tmp_path / "kept", tables=ORDERS, pg_dump=tools)
    finally:
        done.set()
        watcher.join()
    assert any("pg_dump" in line and "dbname" in line for line in shown)
    # Of the whole machine's processes some may be of other tests, which have canaries of their own.
    assert not any(re.search("canary.{1,3}pass", line) and "pytest" not in line for line in shown)


def test_a_failed_dump_does_not_tell_the_password(guarded: str, tmp_path: Path) -> None:
    tools = wrapped(
        tmp_path / "bin", f'echo "pg_dump: error: no, {PASSWORD.replace("$", "")} is wrong" >&2; exit 1'
    )
    with pytest.raises(PreflightRefused) as refused:
        back_up(guarded, tmp_path / "kept", tables=ORDERS, pg_dump=tools)
    assert "pg_dump said: pg_dump: error" in str(refused.value)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(("password", "word"), [("a\nb", "line break"), ("", "")])
def test_a_password_that_no_file_can_hold_is_refused(password: str, word: str, tmp_path: Path) -> None:
    from indexical.pg import dump as dump_room

    if word:
        with pytest.raises(InputError, match=word), dump_room._passfile(password):
            pass
    else:
        with dump_room._passfile(password) as (path, descriptors):
            assert (path, descriptors) == ("", ())


def test_without_files_in_memory_the_password_file_is_private_and_goes(
    guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    seen = tmp_path / "seen"
    script = f'stat -c %a {tmp_path}/temporary/indexical-pgpass-* > {seen}\nexec REAL "$@"'
    back_up(guarded, tmp_path / "kept", tables=ORDERS, pg_dump=wrapped(tmp_path / "bin", script))
    assert seen.read_text() == "600\n"
    assert list((tmp_path / "temporary").glob("indexical-pgpass-*")) == []


def test_evidence_of_a_file_takes_its_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "base.tar"
    path.write_bytes(b"x" * 1000)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    found = evidence(str(path))
    assert (found.kind, found.bytes, found.made) == ("evidence", 1000, "2023-11-14T22:13:20+00:00")
    assert found.path == str(path)


def test_evidence_of_an_archive_is_listed(orders: Database, tmp_path: Path) -> None:
    made = back_up(orders.url, tmp_path, tables=ORDERS)
    assert evidence(made.path).listing == made.listing


def test_a_damaged_archive_is_no_evidence(orders: Database, tmp_path: Path) -> None:
    made = back_up(orders.url, tmp_path, tables=ORDERS)
    short = tmp_path / "short.dump"
    short.write_bytes(Path(made.path).read_bytes()[:300])
    with pytest.raises(FileRefused, match="pg_restore cannot read"):
        evidence(str(short))


@pytest.mark.parametrize(
    "text", ["snap-0a1b", "OPS-4711: taken by hand", "s3://bucket/base/2026", "arn:aws:rds:x:snapshot:y/z"]
)
def test_the_name_of_a_back_up_elsewhere_is_taken_as_given(text: str) -> None:
    found = evidence(text)
    assert (found.kind, found.detail, found.path) == ("evidence", text, "")
    assert found.made


@pytest.mark.parametrize("text", ["/no/such/file.dump", "./nothing", "~/nothing-here"])
def test_a_file_that_is_not_there_is_no_evidence(text: str) -> None:
    with pytest.raises(FileRefused, match="is not there"):
        evidence(text)


def test_an_empty_file_or_text_is_no_evidence(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(FileRefused, match="is empty"):
        evidence(str(tmp_path / "empty"))
    with pytest.raises(InputError, match="is empty"):
        evidence("  ")


def test_going_without_one_is_said() -> None:
    assert (no_backup().kind, no_backup().detail) == ("none", "asked for with --no-backup")


def test_a_folder_that_cannot_be_made_is_refused(orders: Database, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileRefused, match="cannot be made"):
        back_up(orders.url, tmp_path / "file" / "backups", tables=ORDERS)


def test_a_lost_server_does_not_hide_the_interrupt(
    orders: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(url: str, application: str) -> None:
        raise DatabaseError("gone")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup_room, "_wait_for_its_end", lost)
    slow: Callable[..., str] = wrapped
    with pytest.raises(KeyboardInterrupt):
        back_up(
            orders.url,
            tmp_path / "kept",
            tables=ORDERS,
            on_event=interrupt,
            pg_dump=slow(tmp_path / "bin", "exec sleep 9"),
        )
