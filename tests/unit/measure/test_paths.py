"""Files of write paths: read as they are meant, refused with what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexical.errors import FileRefused
from indexical.measure.hot import HotPath
from indexical.measure.paths import Paths, read_paths
from indexical.measure.writes import WritePath

WRITE = '[[write]]\nid = "order"\nrows = 30\nsql = "INSERT INTO a SELECT 1"\nabout = "A host orders."\n'
HOT = '[[hot]]\nid = "order.status"\npick = "SELECT 1"\nsql = "UPDATE a SET b = 1 WHERE id = %(id)s"\n'


def test_write_paths_and_hot_updates_come_from_one_file(tmp_path: Path) -> None:
    file = tmp_path / "paths.toml"
    file.write_text(WRITE + HOT)
    assert read_paths(file) == Paths(
        (WritePath("order", "INSERT INTO a SELECT 1", 30, "A host orders."),),
        (HotPath("order.status", "SELECT 1", "UPDATE a SET b = 1 WHERE id = %(id)s"),),
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"no \[\[write\]\]"),
        (b"write = 1", "under a heading of its own"),
        (b"[[write]]\nid = 'a'\n", "no text 'sql'"),
        (b"[[write]]\nid = 'a'\nsql = ''\n", "no text 'sql'"),
        (b"[[write]]\nid = 'a'\nsql = 'x'\nrows = 0\n", "whole number"),
        (b"[[write]]\nid = 'a'\nsql = 'x'\nrows = true\n", "whole number"),
        (b"[[write]]\nid = 'a'\nsql = 'x'\nrows = 99999999\n", "whole number"),
        (b'[[hot]]\nid = "a"\npick = "x\\u0000"\nsql = "x"\n', "no text 'pick'"),
        ((WRITE + WRITE).encode(), "two \\[\\[write\\]\\] tables have the id 'order'"),
        (b"\xff\xfe", "not TOML"),
        (b"[" * 5000, "not TOML"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "paths.toml"
    file.write_bytes(content)
    with pytest.raises(FileRefused, match=said):
        read_paths(file)


def test_a_folder_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no ordinary file"):
        read_paths(tmp_path)
    huge = tmp_path / "huge.toml"
    huge.write_text("#" * (1024 * 1024 + 1))
    with pytest.raises(FileRefused, match="larger than 1 MB"):
        read_paths(huge)
