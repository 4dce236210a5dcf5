"""Schedules: what is printed is what is installed, nothing else is touched, and no password goes along."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from indexical.cli import build_parser, main
from indexical.cli.door import Door
from indexical.cli.schedules import (
    Task,
    crontab_block,
    pg_cron_sql,
    service_unit,
    timer_unit,
    with_block,
    without_block,
)
from indexical.cli.timing import when
from indexical.errors import FileRefused, InputError
from indexical.pg.target import parse

URL = "postgresql://ann:s3cr3t-canary@db.example:5433/shop?sslmode=require"
_CRONTAB = """#!/bin/sh
# A crontab that keeps its table in a file, and answers as cron's own does when there is none.
table="{table}"
if [ "$1" = "-l" ]; then
    [ -f "$table" ] || {{ echo "no crontab for ann" >&2; exit 1; }}
    exec cat "$table"
fi
[ "$1" = "-" ] || exit 2
exec cat > "$table"
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the fake crontab keeps its table; the program runs in a folder beside it."""
    programs, work = tmp_path / "bin", tmp_path / "work"
    programs.mkdir()
    work.mkdir()
    kept = tmp_path / "table"
    crontab = programs / "crontab"
    crontab.write_text(_CRONTAB.format(table=kept))
    crontab.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    for name in ("PGPASSFILE", "PGSERVICEFILE", "PGSERVICE", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(work)
    return kept


def task(*, words: tuple[str, ...] = ("/venv/bin/indexical", "maintain", "--yes"), **more: str) -> Task:
    time = more.pop("when", "0 2 * * 0")
    environment = tuple(sorted(more.pop("environment", {}).items()))  # type: ignore[attr-defined]
    return Task("indexical-maintain-shop", words, more.get("folder", "/srv/shop"), when(time), environment)


def test_printing_installs_nothing(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", URL]) == 0
    assert not table.exists()
    assert "0 2 * * 0 cd " in capsys.readouterr().out


def test_no_password_is_printed_or_installed(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for way in ("cron", "systemd", "pg_cron"):
        assert main(["schedule", URL, "--with", way]) == 0
    assert main(["schedule", URL, "--install"]) == 0
    told = capsys.readouterr()
    assert "s3cr3t-canary" not in told.out + told.err + table.read_text()
    assert "~/.pgpass" in told.err


def test_the_scheduled_command_is_one_that_the_program_understands(table: Path) -> None:
    assert main(["schedule", URL, "--install", "--option=--max-duration=2h"]) == 0
    line = table.read_text().splitlines()[1]
    words = shlex.split(line.split("&& ", 1)[1].replace("\\%", "%"))
    arguments = build_parser(Door()).parse_args(words[words.index("maintain") :])
    assert arguments.yes
    assert arguments.max_duration == 7200
    assert parse(arguments.source).keywords == {
        "user": "ann",
        "host": "db.example",
        "port": "5433",
        "dbname": "shop",
        "sslmode": "require",
    }


def test_what_was_installed_is_removed_and_the_rest_stays_byte_for_byte(table: Path) -> None:
    others = "# mine\n\n*/5 * * * * echo 100\\% > /dev/null\n# indexical is a nice word\n"
    table.write_text(others)
    assert main(["schedule", URL, "--install"]) == 0
    first = table.read_text()
    assert first.startswith(others)
    assert main(["schedule", URL, "--install", "--when", "30 3 * * 6"]) == 0
    assert table.read_text().count("indexical begin") == 1
    assert "30 3 * * 6 cd " in table.read_text()
    assert main(["schedule", URL, "--remove"]) == 0
    assert table.read_text() == others


def test_installing_twice_is_installing_once(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", URL, "--install"]) == 0
    once = table.read_text()
    assert main(["schedule", URL, "--install"]) == 0
    assert table.read_text() == once
    assert "already" in capsys.readouterr().out


def test_removing_what_is_not_there_changes_nothing(table: Path) -> None:
    table.write_text("1 1 * * * true\n")
    assert main(["schedule", URL, "--remove", "--name", "other"]) == 0
    assert table.read_text() == "1 1 * * * true\n"


@pytest.mark.parametrize(
    "broken", ["# indexical begin {n}\n1 1 * * * x\n", "1 1 * * * x\n# indexical end {n}\n"]
)
def test_half_a_mark_is_refused(table: Path, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = broken.format(n="indexical-maintain-shop")
    table.write_text(text)
    assert main(["schedule", URL, "--remove"]) == 2
    assert table.read_text() == text
    assert "not whole" in capsys.readouterr().err


def test_a_block_that_runs_into_another_one_is_refused() -> None:
    text = "# indexical begin indexical-a\n# indexical begin indexical-b\n# indexical end indexical-b\n"
    with pytest.raises(FileRefused, match="not whole"):
        without_block(text, "indexical-a")


def test_cron_and_the_shell_read_back_the_very_words(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s 100% $HOME `id` "x"'
    folder.mkdir()
    hostile = ("printf", "%s\\n", "a b", "100%", "$HOME", "`id`", "it's", '"', "\\", "; echo no")
    block = crontab_block(task(words=hostile, folder=str(folder)))
    line = block.splitlines()[1].removeprefix("0 2 * * 0 ")
    # As cron does before the shell sees it: a bare % would end the command.
    assert "%" not in line.replace("\\%", "")
    done = subprocess.run(
        ["/bin/sh", "-c", line.replace("\\%", "%") + "; pwd"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [*hostile[2:], str(folder)]


def test_the_crontab_block_is_put_after_a_last_line_without_its_end() -> None:
    text = with_block("1 1 * * * true", task())
    assert text.startswith("1 1 * * * true\n# indexical begin ")


def test_where_the_password_is_found_goes_along(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGPASSFILE", "/home/ann/pass words")
    assert main(["schedule", URL]) == 0
    assert "env PGPASSFILE='/home/ann/pass words' " in capsys.readouterr().out


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\tb", "a\x00b", "a\u202eb"])
def test_what_would_begin_a_line_of_its_own_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="control"):
        task(words=("x", text))


@pytest.mark.parametrize(
    ("text", "calendar"),
    [
        ("0 2 * * 0", "Sun *-*-* 02:00:00"),
        ("0 2 * * 7", "Sun *-*-* 02:00:00"),
        ("*/15 * * * *", "*-*-* *:00,15,30,45:00"),
        ("5 4 1 jan,jul *", "*-01,07-01 04:05:00"),
        ("0 0 * * mon-fri", "Mon,Tue,Wed,Thu,Fri *-*-* 00:00:00"),
        ("0 8-18/5 * * *", "*-*-* 08,13,18:00:00"),
        ("@weekly", "Sun *-*-* 00:00:00"),
    ],
)
def test_a_time_of_cron_is_the_same_time_for_systemd(text: str, calendar: str) -> None:
    assert when(text).calendar == calendar


@pytest.mark.parametrize(
    "text",
    ["", "0 2 * *", "60 2 * * 0", "0 24 * * *", "0 2 0 * *", "0 2 * 13 *", "0 2 * * 8", "x * * * *", "5-1 * * * *",
     "*/0 * * * *", "5/2 * * * *", "1,,2 * * * *", "0 2 * * 0; reboot", "0 2 * * 0 root", "-1 * * * *", "@reboot"],
)  # fmt: skip
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="time"):
        when(text)


def test_what_systemd_would_understand_otherwise_is_refused() -> None:
    with pytest.raises(InputError, match="only one of them"):
        timer_unit(task(when="0 2 1 * 0"))
    assert "0 2 1 * 0 " in crontab_block(task(when="0 2 1 * 0"))


def test_units_are_written_and_removed_and_a_strangers_is_neither(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    units = tmp_path / "units"
    call = ["schedule", URL, "--with", "systemd", "--unit-folder", str(units)]
    assert main([*call, "--install"]) == 0
    assert sorted(path.name for path in units.iterdir()) == [
        "indexical-maintain-shop.service",
        "indexical-maintain-shop.timer",
    ]
    assert "daemon-reload" in capsys.readouterr().out
    stranger = units / "backup.timer"
    stranger.write_text("[Timer]\n")
    assert main([*call, "--remove"]) == 0
    assert [path.name for path in units.iterdir()] == ["backup.timer"]
    (units / "indexical-maintain-shop.timer").write_text("[Timer]\nOnCalendar=daily\n")
    assert main([*call, "--install"]) == 2
    assert main([*call, "--remove"]) == 2
    assert (units / "indexical-maintain-shop.timer").read_text() == "[Timer]\nOnCalendar=daily\n"
    assert not (units / "indexical-maintain-shop.service").exists()


def test_percent_and_dollar_are_no_specifiers_in_a_unit() -> None:
    text = service_unit(task(words=("/bin/x", "100%", "$HOME", 'a "b" \\'), folder="/srv/50%"))
    assert 'ExecStart="/bin/x" "100%%" "$$HOME" "a \\"b\\" \\\\"' in text
    assert "WorkingDirectory=/srv/50%%" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    described = task(words=("/bin/true", "100%", "$x y"), folder="/")
    service = tmp_path / "indexical-maintain-shop.service"
    timer = tmp_path / "indexical-maintain-shop.timer"
    service.write_text(service_unit(described))
    timer.write_text(timer_unit(described))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(timer)], capture_output=True, text=True, check=False
    )
    assert "indexical" not in done.stderr
    calendar = subprocess.run(
        ["systemd-analyze", "calendar", described.when.calendar], capture_output=True, text=True, check=True
    )
    assert "Sun *-*-* 02:00:00" in calendar.stdout


def test_pg_cron_runs_sql_and_says_so_of_what_is_none(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pg_cron_sql(task())[0] == (
        "SELECT cron.schedule('indexical-maintain-shop', '0 2 * * 0', 'VACUUM (ANALYZE)');"
    )
    assert main(["schedule", URL, "--with", "pg_cron", "--task", "usage"]) == 2
    assert "cannot start this program" in capsys.readouterr().err


def test_in_a_project_the_schedule_calls_the_project_and_names_no_database(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Project:
        def url(self) -> str:
            return URL

    door = Door("manage.py indexes", cast(Any, Project()))
    monkeypatch.setattr("sys.argv", ["manage.py", "indexes", "schedule"])
    arguments = build_parser(door).parse_args(["schedule", "--database", "replica"])
    assert arguments.run(arguments, door) == 0
    told = capsys.readouterr()
    assert "manage.py indexes maintain --database replica --yes" in told.out
    assert "db.example" not in told.out
    assert "s3cr3t-canary" not in told.out + told.err


def test_a_program_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["schedule", URL, "--install"]) == 2
    assert "crontab is not installed here" in capsys.readouterr().err
