"""Hostile snapshot files are refused within two seconds and little memory; nothing but the one error ever escapes."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexical.catalog.file import load, save
from indexical.errors import FileRefused
from tests.unit.test_catalog_file import CATALOG, CATALOG_LINE, HEADER

_PROBE = r"""
import re, sys, time
from indexical.catalog.file import load
from indexical.errors import FileRefused
begun = time.process_time()
try:
    load(sys.argv[1])
    print("taken")
except FileRefused as error:
    assert len(str(error).splitlines()) == 1
    # Not ru_maxrss: a child inherits that mark from the process it was forked from.
    peak = re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())
    print(time.process_time() - begun, int(peak[1]) // 1024)
"""
_SECONDS = 2.0
_MEGABYTES = 256


def _packed(path: Path, pieces: Iterator[bytes], level: int = 6) -> None:
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    with path.open("wb") as file:
        for piece in pieces:
            file.write(packer.compress(piece))
        file.write(packer.flush())


def _start() -> bytes:
    return f"{HEADER}\n{CATALOG_LINE}\n".encode()


def _spaces() -> Iterator[bytes]:
    for _ in range(300):
        yield b" " * (1 << 20)


def _endless_line() -> Iterator[bytes]:
    yield _start() + b'{"table":"'
    noise = random.Random(1)
    for _ in range(60):
        yield noise.randbytes(1 << 18).hex().encode()


def _deep() -> Iterator[bytes]:
    yield _start() + b'{"table":' + b"[" * 15_000_000


def _wide() -> Iterator[bytes]:
    yield _start() + b'{"table":[' + b"[]," * 5_000_000 + b"[]]}"


def _strings() -> Iterator[bytes]:
    yield _start() + b'{"table":[' + b'"",' * 5_000_000 + b'""]}'


def _escaped_quotes() -> Iterator[bytes]:
    yield _start() + b'{"table":"' + b'\\"' * 7_000_000 + b'"}'


def _many_keys() -> Iterator[bytes]:
    yield _start() + b'{"table":{' + b",".join(b'"k%d":0' % n for n in range(500_000)) + b"}}"


def _huge_integer() -> Iterator[bytes]:
    yield _start() + b'{"statement":{"text":"x","calls":' + b"9" * 15_000_000 + b"}}"


def _huge_fraction() -> Iterator[bytes]:
    yield _start() + b'{"statement":{"text":"x","total_ms":0.' + b"1" * 15_000_000 + b"}}"


def _blank_lines() -> Iterator[bytes]:
    yield _start() + b"\n" * 7_000_000


def _statements() -> Iterator[bytes]:
    yield _start()
    yield b'{"statement":{"text":"","calls":0}}\n' * 60_000 + b"{}"


def _just_below_the_marks() -> Iterator[bytes]:
    yield _start() + b'{"table":{"schema":"s","name":"t","checks":[' + b'[{"":{}}],' * 70_000 + b"[]]}}"


@pytest.mark.parametrize(
    "pieces",
    [
        _spaces, _endless_line, _deep, _wide, _strings, _escaped_quotes, _many_keys, _huge_integer, _huge_fraction,
        _blank_lines, _statements, _just_below_the_marks,
    ],
)  # fmt: skip
def test_a_bomb_is_refused_soon_and_in_little_memory(
    tmp_path: Path, pieces: Callable[[], Iterator[bytes]]
) -> None:
    _packed(tmp_path / "bomb", pieces(), 1 if pieces is _endless_line else 9)
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, str(tmp_path / "bomb")], capture_output=True, text=True, check=True
    )
    seconds, megabytes = map(float, done.stdout.split())
    # Up to the mark of how many they may be, statements are read as those of any file.
    assert seconds < (3 * _SECONDS if pieces is _statements else _SECONDS)
    assert megabytes < _MEGABYTES


def test_a_file_that_is_none_is_refused_without_being_read(tmp_path: Path) -> None:
    for path in (Path("/dev/zero"), Path("/dev/null"), tmp_path, tmp_path / "missing"):
        with pytest.raises(FileRefused, match="not a file"):
            load(path)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 36)
    with pytest.raises(FileRefused, match="larger than any"):
        load(tmp_path / "sparse")


def _lines(path: Path) -> list[bytes]:
    save(CATALOG, path)
    return gzip.decompress(path.read_bytes()).splitlines()


def _refused_or_taken(path: Path, text: bytes) -> None:
    """Anything but these two ways out is an error of the test."""
    path.write_bytes(gzip.compress(text, 1))
    message = ""
    try:
        load(path)
    except FileRefused as error:
        message = str(error)
    assert "\n" not in message


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_bytes_are_changed_only_the_one_error_escapes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    text = b"\n".join(_lines(folder / "s"))
    place = data.draw(st.integers(0, len(text)))
    gone = data.draw(st.integers(0, 20))
    put = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"[" * 50, b'"', b"\\u0000", b"-", b"1e400", b"null"])
    )
    _refused_or_taken(folder / "t", text[:place] + put + text[place + gone :])


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_value_stands_in_its_json_only_the_one_error_escapes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    lines: list[Any] = [json.loads(line) for line in _lines(folder / "s")]
    number = data.draw(st.integers(0, len(lines) - 1))
    place, key = lines, number
    while isinstance(place[key], (dict, list)) and place[key] and data.draw(st.integers(0, 4)):
        place = place[key]
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(keys))
    place[key] = data.draw(_VALUES)
    _refused_or_taken(folder / "t", "\n".join(json.dumps(line) for line in lines).encode())


@settings(max_examples=100, deadline=None)
@given(text=st.binary(max_size=200))
def test_whatever_bytes_a_file_holds_only_the_one_error_escapes(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "raw").write_bytes(text)
    with pytest.raises(FileRefused):
        load(folder / "raw")
    _refused_or_taken(folder / "t", text)
