"""The record of a promotion: what is written is read again, and what anybody else has done to it is seen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.promotion.samples import later, lines, passed, promotion

from indexical.errors import FileRefused
from indexical.promotion.deciding import holds
from indexical.promotion.record import Tampered, append, begin, read


def made(path: Path) -> Path:
    """A record with every gate passed."""
    begin(path, promotion(), tool_version="0.1")
    for gate, verdict in passed():
        append(path, gate, verdict, f"{gate}: \u202e'quoted'\n", later(90_000), ("seen",))
    return path


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return made(tmp_path / "promotion.jsonl")


def test_what_was_written_is_read_again(record: Path) -> None:
    found = read(record)
    assert holds(found)
    assert (found.changes, found.staging, found.clocks) == (
        promotion().changes,
        promotion().staging,
        promotion().clocks,
    )
    assert [each.gate for each in found.results] == [gate for gate, _ in passed()]
    assert record.stat().st_mode & 0o077 == 0


def test_a_record_is_never_begun_over_another(record: Path) -> None:
    with pytest.raises(FileRefused, match="could not be created"):
        begin(record, promotion(), tool_version="0.1")


@pytest.mark.parametrize("number", range(7))
def test_a_changed_line_is_seen_wherever_it_stands(record: Path, number: int) -> None:
    found = lines(record)
    document = json.loads(found[number])
    document["at"] = "2026-01-01T00:00:00.000+00:00"
    found[number] = json.dumps(document, separators=(",", ":")).encode() + b"\n"
    record.write_bytes(b"".join(found))
    with pytest.raises(Tampered, match=f"line {number + 1}"):
        read(record)


def test_a_failure_that_is_made_a_success_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    begin(path, promotion(), tool_version="0.1")
    append(path, "tests", "failed", "exit code 1", later(90_000))
    path.write_bytes(path.read_bytes().replace(b'"failed"', b'"passed"'))
    with pytest.raises(Tampered, match="it was changed"):
        read(path)


@pytest.mark.parametrize("number", range(6))
def test_a_line_that_is_left_out_or_doubled_is_seen(record: Path, number: int) -> None:
    found = lines(record)
    for changed in ([*found[:number], *found[number + 1 :]], [*found[: number + 1], *found[number:]]):
        record.write_bytes(b"".join(changed))
        with pytest.raises(Tampered):
            read(record)


def test_a_cut_last_line_holds_nothing_until_the_gates_are_run_again(record: Path) -> None:
    record.write_bytes(record.read_bytes()[:-5])
    assert read(record).torn
    assert not holds(read(record))
    first, *_ = passed()
    again = append(record, first[0], first[1], "again", later(90_000))
    assert not again.torn
    assert not holds(again)
    for gate, verdict in passed():
        again = append(record, gate, verdict, "again", later(90_000))
    assert holds(again)


def test_a_link_or_a_pipe_is_no_record(record: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.jsonl"
    link.symlink_to(record)
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "none.jsonl"):
        with pytest.raises(FileRefused):
            read(path)


@given(content=st.binary(max_size=300))
@settings(max_examples=50, deadline=None)
def test_any_bytes_are_refused_and_never_more(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("records") / "p.jsonl"
    path.write_bytes(content)
    with pytest.raises(FileRefused):
        read(path)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    key=st.sampled_from(["staging", "changes", "gates", "clocks", "window_seconds", "run", "short"]),
    value=_JSON,
)
@settings(max_examples=60, deadline=None)
def test_any_value_in_a_line_with_a_right_digest_is_read_or_refused(
    key: str, value: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whoever can rewrite the file can make its digests right; that must not end in a traceback."""
    from indexical.promotion.record import _digest

    path = tmp_path_factory.mktemp("records") / "p.jsonl"
    begin(path, promotion(), tool_version="0.1")
    document = json.loads(path.read_text())
    document[key] = value
    del document["digest"]
    document["digest"] = _digest(document)
    path.write_text(json.dumps(document) + "\n")
    try:
        found = read(path)
    except FileRefused:
        return
    assert not holds(found)
