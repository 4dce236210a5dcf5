"""Capturing inside a real Django project on a real server: what is written down, and what never is."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from indexical.model import Statement, Workload
from indexical.workload.capture import CaptureFile
from indexical.workload.recording import record

PROJECT = Path(__file__).parent / "capture_project"

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def database(new_database: Callable[[], str]) -> str:
    url = new_database()
    _python(url, None, "-c", _SYNC)
    return url


_SYNC = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
"""


@pytest.fixture
def scenario(database: str, tmp_path: Path) -> Callable[..., Workload]:
    """Runs a scenario of the project under capture and reads what was captured."""

    def run(name: str, *, code: int = 0, said: str = "", **settings: Any) -> Workload:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("TRUNCATE shop_order, shop_login RESTART IDENTITY")
        output = tmp_path / "capture.jsonl"
        done = _python(database, output, "scenario.py", name, settings=settings)
        assert done.returncode == code, done.stderr
        assert said in done.stdout + done.stderr
        return CaptureFile(output).read() if output.exists() else Workload(())

    return run


def _python(
    url: str, output: Path | None, *arguments: str, settings: dict[str, Any] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "settings",
        "MORE_SETTINGS": json.dumps(settings or {}),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(PROJECT),
    }
    environment.pop("INDEXICAL_CAPTURE", None)
    if output is not None:
        environment["INDEXICAL_CAPTURE"] = str(output)
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def _line(file: str, marker: str) -> str:
    lines = (PROJECT / file).read_text().splitlines()
    return f"{file}:{next(n for n, line in enumerate(lines, 1) if marker in line)}"


def _one(workload: Workload, *parts: str) -> Statement:
    found = [s for s in workload.statements if all(part in s.sql for part in parts)]
    assert len(found) == 1, [s.sql for s in workload.statements]
    return found[0]


def test_a_view_s_statement_is_counted_with_its_line_and_its_url(scenario: Callable[..., Workload]) -> None:
    workload = scenario("requests")
    listing = _one(workload, '"status" = $1', "ORDER BY")
    assert (listing.kind, listing.calls, listing.rows) == ("select", 5, pytest.approx((20 * 3 + 10) / 5))
    assert listing.total_ms > 0
    assert [(o.location, o.view) for o in listing.origins] == [
        (_line("shop/views.py", "the list is read here"), "order-list")
    ]
    assert listing.sql.endswith("LIMIT $2")
    assert listing.samples == (("new", "20"), ("paid", "20"), ("it's", "20"))
    assert listing.sample_weights == (3, 1, 1)
    assert listing.types == ("", "int8")


def test_a_class_based_and_an_asynchronous_view_are_named_too(scenario: Callable[..., Workload]) -> None:
    workload = scenario("requests")
    detail = _one(workload, '"id" = $1')
    assert [(o.location, o.view) for o in detail.origins] == [
        (_line("shop/views.py", "# one order"), "order-detail")
    ]
    counting = _one(workload, "COUNT(*)", '"total" > $1')
    assert [o.view for o in counting.origins] == ["order-count"]
    assert counting.types == ("numeric",)


def test_what_a_library_sends_for_a_view_is_the_view_s_and_not_the_middleware_s(
    scenario: Callable[..., Workload],
) -> None:
    sent = [s for s in scenario("requests").statements if '"note" = ' in s.sql]
    assert {s.sql.startswith("SELECT COUNT") for s in sent} == {True, False}
    assert {(o.location, o.view) for s in sent for o in s.origins} == {
        (_line("shop/views.py", "class EveryOrder"), "order-every")
    }


def test_a_statement_outside_a_request_has_a_line_and_no_view(scenario: Callable[..., Workload]) -> None:
    insert = next(s for s in scenario("requests").statements if s.kind == "insert")
    assert [(o.location, o.view) for o in insert.origins] == [
        (_line("scenario.py", "Order.objects.bulk_create"), "")
    ]
    assert insert.rows == 30


def test_no_secret_reaches_the_file(scenario: Callable[..., Workload], tmp_path: Path) -> None:
    workload = scenario("secrets")
    assert "CANARY" not in (tmp_path / "capture.jsonl").read_text()
    by_otp = _one(workload, '"otp" = $', '"phone" = $')
    assert by_otp.samples == ((None, "0999"),)
    assert "4111" not in (tmp_path / "capture.jsonl").read_text()
    assert "CREATE ROLE" not in (tmp_path / "capture.jsonl").read_text()


def test_the_file_is_for_its_owner_only(scenario: Callable[..., Workload], tmp_path: Path) -> None:
    scenario("plain_values")
    assert stat.S_IMODE((tmp_path / "capture.jsonl").stat().st_mode) == 0o600


def test_values_are_written_unless_the_setting_says_no(scenario: Callable[..., Workload]) -> None:
    assert _one(scenario("plain_values"), '"number"').samples == (("VALUE1", "7"),)


def test_without_values_only_page_lengths_are_left(scenario: Callable[..., Workload], tmp_path: Path) -> None:
    workload = scenario("plain_values", INDEXICAL_CAPTURE_VALUES=False)
    assert "VALUE1" not in (tmp_path / "capture.jsonl").read_text()
    assert _one(workload, '"number"').samples == ((None, "7"),)


def test_writes_keep_no_values(scenario: Callable[..., Workload]) -> None:
    writes = [s for s in scenario("saves").statements if s.kind != "select"]
    assert {s.kind for s in writes} == {"insert", "update"}
    assert all(s.samples == () for s in writes)


def test_only_the_columns_that_a_save_changes_are_noted(scenario: Callable[..., Workload]) -> None:
    update = _one(scenario("saves"), "UPDATE")
    assert update.calls == 25
    assert dict(update.changed_columns) == {
        "number": 0.0, "status": 1.0, "total": 1.0, "note": 0.0, "details": 0.0, "created": 0.0
    }  # fmt: skip


def test_probing_inside_a_transaction_is_seen_by_nobody(scenario: Callable[..., Workload]) -> None:
    update = _one(scenario("saves_in_transaction"), "UPDATE")
    assert dict(update.changed_columns)["status"] == 1.0
    assert dict(update.changed_columns)["note"] == 0.0


def test_probing_can_be_switched_off(scenario: Callable[..., Workload]) -> None:
    assert _one(scenario("saves", INDEXICAL_CAPTURE_PROBE=False), "UPDATE").changed_columns == ()


def test_a_row_that_may_not_be_read_is_updated_all_the_same(scenario: Callable[..., Workload]) -> None:
    assert _one(scenario("unreadable_table"), "UPDATE").changed_columns == ()


def test_every_thread_is_counted(scenario: Callable[..., Workload]) -> None:
    assert _one(scenario("threads"), '"status" = $1').calls == 200


def test_a_forked_child_counts_its_own_statements_and_no_others(scenario: Callable[..., Workload]) -> None:
    workload = scenario("forks")
    assert _one(workload, '"status" = $1').calls == 1
    both = _one(workload, '"number" = $1')
    assert both.calls == 2
    assert sorted(both.samples) == [("child",), ("parent",)]


def test_a_terminated_process_writes_what_it_has(scenario: Callable[..., Workload]) -> None:
    assert _one(scenario("terminated", code=-15), '"status" = $1').samples == (("last",),)


def test_iterators_lists_json_and_raw_cursors_are_read_right(scenario: Callable[..., Workload]) -> None:
    workload = scenario("kinds_of_use")
    assert _one(workload, '"total" >= $1').types == ("numeric",)
    in_list = _one(workload, " IN ($1")
    assert in_list.calls == 2
    assert _one(workload, "UPDATE").calls == 3
    assert _one(workload, "'100%'").calls == 1
    like = _one(workload, "LIKE $1", "ANY($2)")
    assert (like.samples, like.types) == ((("5%", '{"1","2"}'),), ("", "int4[]"))
    named = _one(workload, "number = $1 OR note = $1 OR id = $2")
    assert (named.samples, named.types) == ((("q", "4"),), ("", "int4"))
    assert _one(workload, "WHERE $1 = $2").types == ("uuid", "uuid")


@pytest.mark.parametrize(
    ("name", "at_least"), [("requests", 5), ("kinds_of_use", 9), ("secrets", 6), ("aggregates", 22)]
)
def test_every_captured_statement_can_be_planned_with_every_sample(
    scenario: Callable[..., Workload], database: str, name: str, at_least: int
) -> None:
    workload = scenario(name)
    assert len(workload.statements) >= at_least
    with psycopg.connect(database, autocommit=True) as connection:
        for number, statement in enumerate(workload.statements):
            types = ", ".join(type_name or "unknown" for type_name in statement.types)
            declared = f"({types})" if types else ""
            connection.execute(f"PREPARE s{number}{declared} AS {statement.sql}".encode())
            for sample in statement.samples if types else ():
                call = sql.SQL("EXPLAIN EXECUTE {}({})").format(
                    sql.Identifier(f"s{number}"), sql.SQL(", ").join(map(sql.Literal, sample))
                )
                assert connection.execute(call).fetchone()


def test_a_failure_of_the_recorder_never_reaches_the_project(scenario: Callable[..., Workload]) -> None:
    assert scenario("broken_recorder", said="still alive").statements == ()


def test_somebody_s_own_wrapper_is_taken_off_as_if_we_were_not_there(
    scenario: Callable[..., Workload],
) -> None:
    assert _one(scenario("wrapper_order"), '"status" = $1').calls == 1


def test_the_setting_starts_it_as_the_variable_does(database: str, tmp_path: Path) -> None:
    output = tmp_path / "set.jsonl"
    done = _python(database, None, "scenario.py", "plain_values", settings={"INDEXICAL_CAPTURE": str(output)})
    assert (done.returncode, done.stderr) == (0, "")
    assert _one(CaptureFile(output).read(), '"number"').calls == 1


def test_without_the_variable_nothing_is_recorded(database: str, tmp_path: Path) -> None:
    done = _python(database, None, "scenario.py", "plain_values")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_somebody_else_is_left_alone(scenario: Callable[..., Workload], tmp_path: Path) -> None:
    other = tmp_path / "capture.jsonl"
    other.write_text('{"precious": true}\n')
    with pytest.raises(Exception, match="not a capture file"):
        scenario("plain_values", said="capturing is switched off")
    assert other.read_text() == '{"precious": true}\n'


def test_recording_a_command_captures_it_and_passes_its_exit_code_on(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    output = tmp_path / "capture.jsonl"
    assert record([sys.executable, "scenario.py", "plain_values"], output) == 0
    assert _one(CaptureFile(output).read(), '"number"').calls == 1
    assert record([sys.executable, "-c", "raise SystemExit(7)"], output) == 7
