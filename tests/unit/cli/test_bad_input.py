"""Bad input: one clear line on standard error, exit code 2 or 3, nothing written, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.report.samples import advice

from indexical.cli import main
from indexical.report import render

NOWHERE = "postgresql://reader:canary-pw@127.0.0.1:1/none"


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of one call; standard output must stay empty."""
    try:
        status = main(list(arguments))
    except SystemExit as exit:
        status = int(exit.code or 0)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert out == ""
    return status, err


@pytest.fixture
def workload(tmp_path: Path) -> str:
    path = tmp_path / "queries.sql"
    path.write_text("-- indexical: id=one calls=3\nSELECT * FROM orders WHERE user_id = 7;\n")
    return str(path)


@pytest.fixture
def accepted(tmp_path: Path) -> str:
    path = tmp_path / "advice.json"
    path.write_text(render(advice(), "json"))
    return str(path)


def test_no_server_is_exit_3_and_shows_no_password(capsys: pytest.CaptureFixture[str], workload: str) -> None:
    status, err = call(capsys, "advise", NOWHERE, "--workload", workload)
    assert status == 3
    assert "canary-pw" not in err
    assert "127.0.0.1" in err
    assert err.count("\n") == 1


def test_hypopg_cannot_ask_a_file(capsys: pytest.CaptureFixture[str], workload: str) -> None:
    status, err = call(capsys, "advise", "shop.snapshot", "--workload", workload, "--planner", "hypopg")
    assert status == 2
    assert "asks the database itself" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "source",
    [
        "mysql://root@host/db",
        "postgresql://u:canary-pw@host:port/db",
        "postgresql://u:canary-pw@h/db?nonsense=1",
        "no-such-file",
    ],
)
def test_what_is_no_source_is_exit_2(capsys: pytest.CaptureFixture[str], workload: str, source: str) -> None:
    status, err = call(capsys, "advise", source, "--workload", workload)
    assert status == 2
    assert "canary-pw" not in err
    assert err.count("\n") == 1


def test_a_file_that_is_no_snapshot_is_exit_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, workload: str
) -> None:
    path = tmp_path / "shop.indexical"
    path.write_bytes(b"\x1f\x8b not gzip at all")
    status, err = call(capsys, "advise", str(path), "--workload", workload)
    assert status == 2
    assert str(path) in err


@pytest.mark.parametrize("content", ["", "-- nothing here\n", "\x00\x01\x02"])
def test_an_empty_workload_is_exit_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
) -> None:
    path = tmp_path / "empty.sql"
    path.write_text(content)
    status, err = call(capsys, "advise", NOWHERE, "--workload", str(path))
    assert status == 2
    assert err.count("\n") == 1


def test_sql_that_cannot_be_parsed_is_exit_2_when_nothing_else_is_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "broken.sql"
    path.write_text("SELECT 'no end;\n")
    status, err = call(capsys, "advise", NOWHERE, "--workload", str(path))
    assert status == 2
    assert "broken.sql" in err


def test_a_missing_workload_is_exit_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, err = call(capsys, "advise", NOWHERE, "--workload", str(tmp_path / "none.jsonl"))
    assert status == 2
    assert "none.jsonl" in err


def test_no_verb_an_unknown_verb_and_a_bad_option_are_exit_2(
    capsys: pytest.CaptureFixture[str], workload: str
) -> None:
    assert call(capsys)[0] == 2
    assert call(capsys, "destroy")[0] == 2
    status, err = call(capsys, "advise", NOWHERE, "--workload", workload, "--storage-budget", "lots")
    assert status == 2
    assert "'lots' is not a size" in err


def test_an_unknown_name_in_the_advice_is_exit_2_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, accepted: str
) -> None:
    target = tmp_path / "out.sql"
    status, err = call(capsys, "write", "--advice", accepted, "--name", "nope_idx", "-o", str(target))
    assert status == 2
    assert "'nope_idx'" in err
    assert not target.exists()


def test_an_output_that_cannot_be_written_is_exit_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, accepted: str
) -> None:
    status, err = call(capsys, "write", "--advice", accepted, "-o", str(tmp_path / "no" / "out.sql"))
    assert status == 2
    assert "cannot be written" in err


def test_capture_without_a_command_is_exit_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, err = call(capsys, "capture", "-o", str(tmp_path / "c.jsonl"))
    assert status == 2
    assert "say what to run" in err


def test_keeping_a_demo_in_a_full_folder_is_exit_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("x")
    status, err = call(capsys, "demo", "--scale", "small", "--keep", str(tmp_path))
    assert status == 2
    assert "is not an empty folder" in err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_demo_on_a_light_installation_names_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexical.demo.examples.find_spec", lambda name: None if name == "highspy" else name)
    status, err = call(capsys, "demo", "--scale", "small")
    assert status == 2
    assert 'the solver HiGHS is not installed; run: pip install "indexical[all]"' in err


def test_an_unknown_example_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "demo", "unheard-of")[0] == 2


def test_write_puts_the_accepted_part_into_a_sql_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, accepted: str
) -> None:
    target = tmp_path / "out.sql"
    status, _ = call(capsys, "write", "--advice", accepted, "--name", "orders_paid_idx", "-o", str(target))
    assert status == 0
    sql = target.read_text()
    assert "CREATE INDEX CONCURRENTLY orders_paid_idx ON public.orders" in sql
    assert "orders_user_created_idx" not in sql
    assert "orders_user_id_idx" not in sql


def test_only_and_phase_narrow_what_is_accepted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, accepted: str
) -> None:
    target = tmp_path / "out.sql"
    call(capsys, "write", "--advice", accepted, "--only", "drop", "-o", str(target))
    assert "DROP INDEX CONCURRENTLY public.orders_user_id_idx" in target.read_text()
    assert "CREATE INDEX CONCURRENTLY" not in target.read_text()
    call(capsys, "write", "--advice", accepted, "--phase", "critical", "--only", "create", "-o", str(target))
    assert "orders_user_created_idx" in target.read_text()
    assert "orders_paid_idx" not in target.read_text()


def test_the_saved_advice_is_json(accepted: str) -> None:
    assert json.loads(Path(accepted).read_text())["version"] == 1


def test_a_phase_without_a_new_index_keeps_the_old_one_that_it_was_to_replace(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, accepted: str
) -> None:
    target = tmp_path / "out.sql"
    call(capsys, "write", "--advice", accepted, "--phase", "analytics", "-o", str(target))
    assert "DROP INDEX CONCURRENTLY public" not in target.read_text()
    call(capsys, "write", "--advice", accepted, "--only", "create", "-o", str(target))
    assert "DROP INDEX CONCURRENTLY public" not in target.read_text()
    call(capsys, "write", "--advice", accepted, "--phase", "critical", "-o", str(target))
    assert "DROP INDEX CONCURRENTLY public.orders_user_id_idx" in target.read_text()


def test_a_source_too_long_for_a_file_name_is_exit_2(
    capsys: pytest.CaptureFixture[str], workload: str
) -> None:
    status, err = call(capsys, "advise", "a" * 300, "--workload", workload)
    assert status == 2
    assert err.count("\n") == 1


@pytest.mark.parametrize("place", ["file/inside", "file"])
def test_a_demo_kept_where_no_folder_can_be_is_exit_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("x")
    status, err = call(capsys, "demo", "--scale", "small", "--keep", str(tmp_path / place))
    assert status == 2
    assert "for --keep" in err
    assert (tmp_path / "file").read_text() == "x"
