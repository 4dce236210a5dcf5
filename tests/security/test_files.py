"""Files from somebody else: bombs, devices, links; and files of our own that nobody else may read."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexical.apply.journal import read_run
from indexical.catalog.file import load as load_snapshot
from indexical.cli import main
from indexical.errors import IndexicalError
from indexical.report import render
from indexical.report.advice_file import load as load_advice
from indexical.workload.sources import open_sources
from tests.unit.report.samples import advice

READERS: dict[str, Callable[[Path], object]] = {
    "advice": load_advice,
    "journal": read_run,
    "snapshot": load_snapshot,
    "capture.jsonl": lambda path: open_sources([str(path)]),
    "statements.sql": lambda path: open_sources([str(path)]),
    "server.log": lambda path: open_sources([str(path)]),
    "log.csv": lambda path: open_sources([str(path)]),
}
_SOON_S = 2.0


@contextlib.contextmanager
def soon() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < _SOON_S, "it took too long to refuse"


@pytest.mark.security("S14")
@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b'{"create": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000,
        b'{"version": ' + b"9" * 100_000 + b"}",
        b'{"version": 1, "version": 2, "create": [], "planner": NaN}',
        b'{"version": 1e999999}',
        b'{"at": "\\ud800"}\n' * 3,
        b"\x1f\x8b" + b"\x00" * 1000,
        b"\xff\xfe\x00\x00" * 1000,
        b"\x00" * 1_000_000,
        b"a" * 8_000_000,
    ],
    ids=[
        "deep", "deep-inside", "deep-open", "huge-number", "twice-and-nan", "infinite", "surrogate", "no-gzip", "utf-32",
        "nul", "line",
    ],
)  # fmt: skip
def test_a_bomb_is_refused_soon(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with soon(), pytest.raises(IndexicalError) as caught:
        READERS[name](path)
    assert "\n" not in str(caught.value)


@pytest.mark.security("S14")
def test_numbers_in_advice_that_are_none_are_refused(tmp_path):
    path = tmp_path / "advice.json"
    good = render(advice(), "json")
    for bad in ("NaN", "1e999", "9" * 5000):
        path.write_text(good.replace('"size": 12000000', f'"size": {bad}'))
        assert bad in path.read_text()
        with soon(), pytest.raises(IndexicalError):
            load_advice(path)


@pytest.mark.security("S13")
@pytest.mark.parametrize("name", READERS)
def test_a_device_a_pipe_or_a_folder_is_refused_and_not_read_for_ever(tmp_path, name):
    (tmp_path / "folder").mkdir()
    folder = tmp_path / "folder" / name
    folder.mkdir()
    pipe = tmp_path / name
    os.mkfifo(pipe)
    link = tmp_path / f"link-{name}"
    link.symlink_to("/dev/zero")
    for path in (folder, pipe, link):
        with soon(), pytest.raises(IndexicalError):
            READERS[name](path)


@pytest.mark.security("S15")
def test_statements_made_to_exhaust_a_parser_leave_the_others(tmp_path):
    bombs = ["SELECT " + "(" * 5000 + "1" + ")" * 5000, "SELECT " + "/*" * 20_000 + "*/" * 20_000 + " 1",
             "SELECT 1 WHERE 1 IN (" + ",".join(map(str, range(100_000))) + ")", "SELECT " + "-" * 30_000 + "1",
             "SELECT " + "CASE WHEN 1=1 THEN " * 3000]  # fmt: skip
    path = tmp_path / "statements.sql"
    good = "-- indexical: id=good calls=3\nSELECT id FROM orders WHERE user_id = 7;\n"
    path.write_text(";\n".join(bombs) + ";\n" + good)
    begun = time.monotonic()
    workload = open_sources([str(path)])
    assert "good" in {statement.id for statement in workload.statements}
    assert time.monotonic() - begun < 10


@pytest.mark.security("S13")
def test_the_folder_of_records_is_not_taken_for_one_behind_a_link(tmp_path, monkeypatch, capsys):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".indexical").symlink_to(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "work")
    accepted = tmp_path / "advice.json"
    accepted.write_text(render(advice(), "json"))
    status = main(["apply", "postgresql://nobody@127.0.0.1:1/none", "--advice", str(accepted)])
    assert status in (2, 3)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert "Traceback" not in capsys.readouterr().err
