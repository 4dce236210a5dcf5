"""Several sources as one workload, each taken for what its content is."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexical.errors import FileRefused, InputError, WorkloadEmpty
from indexical.workload.capture import CaptureWriter, Lost, Record
from indexical.workload.sources import open_sources


def _capture(path: Path, *records: Record | Lost) -> str:
    writer = CaptureWriter(path)
    writer.write(records)
    writer.close()
    return str(path)


def test_a_statement_in_two_sources_is_one_with_the_given_name(tmp_path: Path) -> None:
    capture = _capture(
        tmp_path / "a.jsonl",
        Record(
            "SELECT a FROM t WHERE b = $1",
            5,
            samples=(("x",),),
            weights=(5,),
            location="v.py:1",
            start=1,
            end=31,
        ),
    )
    sql = tmp_path / "b.sql"
    sql.write_text("-- indexical: id=by-b calls=2\nSELECT a FROM t WHERE b = 'y';")
    workload = open_sources([capture, str(sql)])
    (one,) = workload.statements
    assert (one.id, one.calls, one.samples) == ("by-b", 7, (("x",), ("y",)))
    assert [o.location for o in one.origins] == ["v.py:1", "b.sql:2"]
    assert workload.seconds == 30


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    capture = _capture(tmp_path / "capture.sql", Record("SELECT a FROM t", 5))
    assert open_sources([capture]).calls == 5
    text = tmp_path / "statements.txt"
    text.write_text("SELECT a FROM t")
    assert open_sources([text]).calls == 1


def test_ids_are_short_readable_unique_and_stable(tmp_path: Path) -> None:
    path = tmp_path / "a.sql"
    path.write_text(
        "".join(f'SELECT c{n} FROM "Shop Orders" WHERE a = 1;' for n in range(300))
        + "INSERT INTO t VALUES (1);"
    )
    ids = [statement.id for statement in open_sources([path]).statements]
    assert ids == [statement.id for statement in open_sources([path]).statements]
    assert len(set(ids)) == 301
    assert all(id.startswith("select-shop_orders-") and len(id) <= 28 for id in ids[:-1])
    assert ids[-1].startswith("insert-t-")


def test_nothing_to_examine_is_said_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(WorkloadEmpty, match=r"nothing in it can be examined; .* too long"):
        open_sources([_capture(tmp_path / "a.jsonl", Lost("too long", 3))])
    with pytest.raises(InputError, match="no workload is given"):
        open_sources([])


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.jsonl", b'{"format": "other"}\n', "not a capture file"),
        ("a.jsonl", b"SELECT 1", "not a capture file"),
        ("a.sql", b'{"sql": "SELECT 1"}', "not a capture file"),
        ("a.sql", b"\x1f\x8b\x08\x00", "compressed"),
        ("a.sql", b"\x00\x01", "not a text file"),
    ],
)
def test_a_source_of_no_known_kind_is_refused(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileRefused, match=why):
        open_sources([tmp_path / name])


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read"):
        open_sources([tmp_path / "nowhere"])
