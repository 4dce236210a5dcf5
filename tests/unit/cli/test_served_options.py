"""The options of ``measure`` about a served project: which belong together, and what they lead to."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from tests.unit.measure.serving import tiny

from indexical.cli import served
from indexical.errors import ExtraMissing, InputError
from indexical.measure.served import load
from indexical.model import NotMeasured


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    served.configure(parser)
    return parser.parse_args(words)


def requests(tmp_path: Path) -> str:
    path = tmp_path / "requests.jsonl"
    lines = [
        {"indexical": "requests", "version": 1, "title": "a shop"},
        {"name": "list", "method": "GET", "path": "/items/", "colour": "red"},
        {"name": "make", "method": "POST", "path": "/items/", "body": {}},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return str(path)


def test_nothing_asked_is_nothing_measured() -> None:
    assert served.run(parsed(), None) is None


@pytest.mark.parametrize(
    "words",
    [
        ["--base-url", "http://127.0.0.1:1"],
        ["--requests", "FILE"],
        ["--load", "30s"],
        ["--api-runs", "3"],
        ["--send-writes"],
        ["--base-url", "http://127.0.0.1:1", "--requests", "FILE", "--users", "1,2"],
        ["--base-url", "http://127.0.0.1:1", "--requests", "FILE", "--target-p95", "200ms"],
        ["--base-url", "http://127.0.0.1:1", "--requests", "FILE", "--server-pid", "1"],
        ["--base-url", "http://127.0.0.1:1", "--requests", "FILE", "--load", "0"],
        ["--base-url", "http://127.0.0.1:1", "--requests", "FILE", "--load", "5s", "--target-p95", "0"],
    ],
)
def test_options_that_make_no_sense_together_are_refused(words: list[str]) -> None:
    with pytest.raises(InputError):
        served.run(parsed(*words), None)


def test_a_missing_load_generator_is_said_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "find_spec", lambda name: None)
    with tiny() as server, pytest.raises(ExtraMissing, match=r"indexical\[load\]"):
        served.run(parsed("--base-url", server.url, "--requests", requests(tmp_path), "--load", "5s"), None)
    assert server.asked == []


def test_the_endpoints_are_measured_and_what_writes_is_not(tmp_path: Path) -> None:
    with tiny() as server:
        run = served.run(
            parsed("--base-url", server.url, "--requests", requests(tmp_path), "--api-runs", "4"), None
        )
    assert run is not None
    assert [(each.id, each.sent) for each in run.endpoints] == [("list", 4)]
    assert [each.id for each in run.not_measured] == ["make"]
    assert all(isinstance(each, NotMeasured) for each in run.not_measured)
    assert "colour" in run.notes[0]
    assert run.load is None


def test_what_writes_is_sent_when_that_is_allowed(tmp_path: Path) -> None:
    with tiny() as server:
        run = served.run(
            parsed("--base-url", server.url, "--requests", requests(tmp_path), "--send-writes"), None
        )
    assert run is not None
    assert [each.id for each in run.endpoints] == ["list", "make"]


def test_a_mix_that_only_writes_leaves_nothing_to_play(tmp_path: Path) -> None:
    path = tmp_path / "writes.jsonl"
    path.write_text(
        '{"indexical": "requests", "version": 1}\n{"name": "make", "method": "POST", "path": "/"}\n'
    )
    with tiny() as server, pytest.raises(InputError, match="every request"):
        load.load_test(server.url, path)


@pytest.mark.parametrize("text", ["", "0", "2,1", "1,1", "x", "1,,2", "1.5", "-1", "1001"])
def test_users_that_are_no_growing_row_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="growing row"):
        parsed(f"--users={text}")


def test_a_row_of_users() -> None:
    assert parsed("--users", "1,2, 8").users == (1, 2, 8)
