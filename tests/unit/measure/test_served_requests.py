"""A requests file comes from anywhere: what is wrong in it is refused by the number of its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from indexical.errors import FileRefused
from indexical.measure.served.requests_file import UNIQUE, Fresh, read
from indexical.model.served import Request

HEAD = {"indexical": "requests", "version": 1, "title": "a shop"}
LIST = {"name": "GET /items/", "method": "GET", "path": "/items/?page=2", "weight": 3.0, "expect": [200]}


def written(tmp_path: Path, *lines: Any, head: Any = HEAD) -> Path:
    path = tmp_path / "requests.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in (head, *lines)]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_a_request_comes_out_as_it_was_written(tmp_path: Path) -> None:
    line = {
        **LIST,
        "headers": {"Authorization": "Bearer abc"},
        "body": {"a": [1, None]},
        "writes": True,
        "path_group": "items",
    }
    found = read(written(tmp_path, line))
    assert found.title == "a shop"
    assert found.requests == (
        Request(
            "GET /items/",
            "GET",
            "/items/?page=2",
            (("Authorization", "Bearer abc"),),
            '{"a": [1, null]}',
            3.0,
            (200,),
            True,
            "items",
        ),
    )
    assert found.notes == ()


@pytest.mark.parametrize(
    ("method", "writes"), [("GET", False), ("HEAD", False), ("POST", True), ("DELETE", True)]
)
def test_what_is_not_said_to_write_is_judged_by_its_method(tmp_path: Path, method: str, writes: bool) -> None:
    assert read(written(tmp_path, {**LIST, "method": method})).requests[0].writes is writes


def test_unknown_keys_are_ignored_and_named(tmp_path: Path) -> None:
    found = read(written(tmp_path, {**LIST, "colour": 1, "x\x1b[31m": 2}))
    assert len(found.requests) == 1
    assert "colour" in found.notes[0]
    assert "\x1b" not in found.notes[0]


@pytest.mark.parametrize(
    "change",
    [
        {"path": "items/"},
        {"path": "//elsewhere.example/"},
        {"path": "/a b"},
        {"path": "/a\r\nHost: x"},
        {"path": "/ä"},
        {"path": ""},
        {"path": None},
        {"path": "/" + "a" * 20_000},
        {"method": "get"},
        {"method": "CONNECT"},
        {"method": ["GET"]},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "n" * 201},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"X y": "a"}},
        {"headers": {"Host": "elsewhere"}},
        {"headers": {"content-LENGTH": "0"}},
        {"headers": {"X": 1}},
        {"headers": ["X"]},
        {"weight": 0},
        {"weight": -1},
        {"weight": True},
        {"weight": "3"},
        {"weight": 1e300},
        {"expect": []},
        {"expect": 200},
        {"expect": [True]},
        {"expect": [99]},
        {"writes": "no"},
    ],
)
def test_a_wrong_line_is_refused_with_its_number(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(FileRefused, match="line 3"):
        read(written(tmp_path, LIST, {**LIST, **change}))


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "1",
        "[" * 100_000,
        '{"name": NaN}',
        json.dumps(LIST).replace("3.0", "NaN"),
        '{"weight": 1e999}',
    ],
)
def test_a_line_that_is_no_request_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(FileRefused, match="line 2"):
        read(written(tmp_path, line))


def test_a_body_with_infinity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="number that JSON does not know"):
        read(written(tmp_path, json.dumps({**LIST, "body": [1.0]}).replace("[1.0]", "[Infinity]")))


@pytest.mark.parametrize("head", ["", "{", "[]", {"indexical": "requests", "version": 2}, {"version": 1}])
def test_another_file_is_refused(tmp_path: Path, head: Any) -> None:
    with pytest.raises(FileRefused):
        read(written(tmp_path, head=head))


def test_a_file_without_requests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no request in it"):
        read(written(tmp_path))


def test_a_missing_file_a_folder_and_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read"):
        read(tmp_path / "none.jsonl")
    with pytest.raises(FileRefused, match="no ordinary file"):
        read(tmp_path)
    (tmp_path / "bytes").write_bytes(json.dumps(HEAD).encode() + b"\n\xff\xfe\n")
    with pytest.raises(FileRefused, match="not UTF-8"):
        read(tmp_path / "bytes")


def test_an_endless_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="longer than 1 MB"):
        read(written(tmp_path, "x" * (2 * 1024 * 1024)))


def test_a_message_never_shows_a_token(tmp_path: Path) -> None:
    line = {**LIST, "headers": {"Authorization": "Bearer se\ncret"}}
    with pytest.raises(FileRefused) as caught:
        read(written(tmp_path, line))
    assert "Bearer" not in str(caught.value)
    assert "cret" not in str(caught.value)


def test_the_mix_is_the_endpoints_and_their_shares(tmp_path: Path) -> None:
    one = read(written(tmp_path, LIST, {**LIST, "name": "b"}))
    other = read(
        written(tmp_path, {**LIST, "path": "/items/?page=9", "weight": 6}, {**LIST, "name": "b", "weight": 6})
    )
    third = read(written(tmp_path, LIST, {**LIST, "name": "b", "weight": 9}))
    assert one.mix == other.mix
    assert one.mix != third.mix


def test_new_text_is_new_at_each_sending_and_the_same_in_path_and_body() -> None:
    request = Request("r", "POST", f"/r/{UNIQUE}", body=f'{{"d": "{UNIQUE}"}}')
    fresh = Fresh("salt")
    path, body = fresh.apply(request)
    again, _ = fresh.apply(request)
    value = path.removeprefix("/r/")
    assert len(value) == 64
    assert int(value, 16)
    assert body == f'{{"d": "{value}"}}'
    assert path != again
    assert Fresh().apply(request) != Fresh().apply(request)


def test_a_request_that_asks_for_nothing_new_stays_as_it_is() -> None:
    assert Fresh().apply(Request("r", "GET", "/r")) == ("/r", None)
