"""Results go to standard output or, whole or not at all, to a file."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from indexical.cli import run
from indexical.cli.door import Door
from indexical.cli.output import emit
from indexical.errors import InputError


@pytest.mark.parametrize("name", ["", "."])
def test_a_folder_is_refused_and_nothing_is_left_beside_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="it is a folder"):
        emit("text", name and str(tmp_path / "folder" / name))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_failed_write_leaves_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(InputError, match="No space left on device"):
        emit("text", str(tmp_path / "out.sql"))
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        emit("text", str(pipe))
        assert os.read(reader, 99) == b"text"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_standard_output_by_its_file_name_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "both.txt"
    script = "from indexical.cli.output import emit\nprint('one', flush=True)\nemit('two', '/dev/stdout')\n"
    with path.open("w") as stream:
        subprocess.run([sys.executable, "-c", script], stdout=stream, check=True)
    assert path.read_text() == "one\ntwo"


def test_the_mode_of_a_file_and_a_link_to_it_stay(tmp_path: Path) -> None:
    target, link = tmp_path / "out.sql", tmp_path / "link.sql"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    emit("new", str(link))
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_an_output_without_arrows_gets_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    def verb(arguments: Namespace, door: Door) -> int:
        emit("1 \u2192 2", None)
        return 0

    assert run(verb, Namespace(), Door()) == 0
    assert raw.getvalue() == b"1 \\u2192 2"
