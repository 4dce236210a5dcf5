"""The capture file: written by several at once, read with suspicion."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from indexical.errors import FileRefused
from indexical.model import Origin
from indexical.workload.capture import CaptureFile, CaptureWriter, Lost, Record

HEADER = '{"format":"indexical-capture","version":1}\n'


def _written(folder: Path, *records: Record | Lost) -> Path:
    path = folder / "capture.jsonl"
    writer = CaptureWriter(path)
    writer.write(records)
    writer.close()
    return path


def _lines(folder: Path, *lines: Any) -> Path:
    path = folder / "capture.jsonl"
    path.write_text(
        HEADER + "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    )
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    record = Record(
        sql="SELECT a FROM t WHERE b = $1 LIMIT 5",
        calls=4,
        types=("uuid",),
        total_ms=2.5,
        rows=12,
        samples=(("x",), (None,)),
        weights=(3, 1),
        location="shop/views.py:41",
        view="shop.views.orders",
        url="order-list",
        start=1000,
        end=1060,
        pid=7,
    )
    workload = CaptureFile(_written(tmp_path, record)).read()
    (one,) = workload.statements
    assert one.sql == "SELECT a FROM t WHERE b = $1 LIMIT $2"
    assert (one.calls, one.total_ms, one.rows, one.types) == (4, 2.5, 3, ("uuid", "int8"))
    assert (one.samples, one.sample_weights) == ((("x", "5"), (None, "5")), (3, 1))
    assert one.origins == (Origin("shop/views.py:41", "order-list", "capture.jsonl"),)
    assert workload.seconds == 60


def test_deltas_of_several_processes_add_up(tmp_path: Path) -> None:
    update = "UPDATE t SET a = $1, b = $2 WHERE id = $3"
    _written(tmp_path, Record(update, 10, rows=10, probed=10, changed={"a": 10, "b": 1}, start=10, end=20))
    path = _written(
        tmp_path, Record(update, 30, rows=30, probed=10, changed={"a": 10, "b": 0}, start=15, end=50)
    )
    (one,) = CaptureFile(path).read().statements
    assert (one.calls, one.rows, one.changed_columns) == (40, 1, (("a", 1.0), ("b", 0.05)))
    assert CaptureFile(path).read().seconds == 40
    assert path.read_text().count("indexical-capture") == 1


def test_lines_of_many_writers_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "capture.jsonl"

    def write(number: int) -> None:
        writer = CaptureWriter(path)
        for _ in range(50):
            writer.write([Record(f"SELECT c{number} FROM t WHERE a = '{'x' * 3000}'", 1)])
        writer.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    workload = CaptureFile(path).read()
    assert workload.skipped == ()
    assert [s.calls for s in workload.statements] == [50, 50, 50, 50]


def test_the_file_is_made_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        path = _written(tmp_path, Record("SELECT 1", 1))
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_cut_at_any_byte_costs_only_itself(tmp_path: Path) -> None:
    path = _written(
        tmp_path,
        Record("SELECT a FROM t", 1),
        Record("SELECT b FROM t WHERE c = $1", 2, samples=(("é",),), weights=(2,)),
    )
    whole = path.read_bytes()
    begin = whole.rindex(b"\n", 0, -1) + 1
    for end in range(begin + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        workload = CaptureFile(path).read()
        assert [s.sql for s in workload.statements] == ["SELECT a FROM t"]
        assert [s.what for s in workload.skipped] == ["capture.jsonl:3"]


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[" * 100_000,
        '{"sql": "SELECT 1", "calls": ' + "9" * 5000 + "}",
        '{"sql": "SELECT 1", "calls": NaN}',
        '{"sql": "SELECT 1", "calls": 1e99}',
        '{"sql": "SELECT 1", "calls": 1, "calls": 2}',
        '{"sql": "SELECT 1", "calls": -1}',
        '{"sql": "SELECT 1", "calls": 0}',
        '{"sql": "SELECT 1", "calls": true}',
        '{"sql": 5, "calls": 1}',
        '{"calls": 1}',
        "[]",
        "5",
        {"sql": "SELECT 1; DROP TABLE canary", "calls": 1},
        {"sql": "DROP TABLE canary", "calls": 1},
        {"sql": "SELECT " + "(" * 5000, "calls": 1},
        {"sql": "SELECT '\x00'", "calls": 1},
        {"sql": "SELECT 1", "calls": 1, "types": ["int4); DROP TABLE canary; --"]},
        {"sql": "SELECT 1", "calls": 1, "types": "int4"},
        {"sql": "SELECT 1", "calls": 1, "samples": [5]},
        {"sql": "SELECT 1", "calls": 1, "samples": [[5]]},
        {"sql": "SELECT 1", "calls": 1, "changed": [1]},
        {"sql": "SELECT 1", "calls": 1, "location": 5},
        '{"sql": "SELECT \'' + "x" * 1_200_000 + '\'", "calls": 1}',
    ],
)
def test_a_hostile_line_is_counted_and_the_next_one_is_read(tmp_path: Path, line: Any) -> None:
    begun = time.monotonic()
    workload = CaptureFile(_lines(tmp_path, line, {"sql": "SELECT a FROM t", "calls": 3})).read()
    assert [(s.sql, s.calls) for s in workload.statements] == [("SELECT a FROM t", 3)]
    assert [s.what for s in workload.skipped] == ["capture.jsonl:2"]
    assert "canary" not in workload.skipped[0].why
    assert time.monotonic() - begun < 2


def test_control_and_direction_characters_of_a_place_are_not_passed_on(tmp_path: Path) -> None:
    path = _lines(tmp_path, {"sql": "SELECT 1", "calls": 1, "location": "a\u202e\x1b[31m.py:1"})
    (one,) = CaptureFile(path).read().statements
    assert one.origins[0].location == "a\ufffd\ufffd[31m.py:1"


def test_calls_that_were_not_recorded_are_told(tmp_path: Path) -> None:
    (skipped,) = CaptureFile(_written(tmp_path, Lost("too many", 12))).read().skipped
    assert (skipped.why, skipped.calls) == ("too many", 12)


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ("", "not a capture file"),
        ("{}", "not a capture file"),
        ("SELECT 1", "not a capture file"),
        ('{"format":"indexical-capture","version":2}', "another version"),
        ('{"format":"indexical-capture"}', "another version"),
    ],
)
def test_a_file_with_another_beginning_is_refused(tmp_path: Path, first: str, why: str) -> None:
    path = tmp_path / "capture.jsonl"
    path.write_text(first + "\n")
    with pytest.raises(FileRefused, match=why):
        CaptureFile(path).read()


def test_a_stranger_s_file_is_never_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("precious\n")
    with pytest.raises(FileRefused, match="not a capture file"):
        CaptureWriter(path)
    assert path.read_text() == "precious\n"


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(FileRefused, match="cannot be written"):
        CaptureWriter(tmp_path / "link")
    assert not (tmp_path / "target").exists()


def test_a_full_file_takes_no_more(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path / "capture.jsonl", max_bytes=10)
    with pytest.raises(FileRefused, match="limit"):
        writer.write([Record("SELECT 1", 1)])
    writer.close()
