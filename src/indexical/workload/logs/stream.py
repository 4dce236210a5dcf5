"""A log file as numbered lines: compressed or not, any line length, any size, never more than a line in memory."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexical.errors import FileRefused
from indexical.workload.logs.entries import MAX_ENTRY

GZIP = b"\x1f\x8b"
_SUSPICIOUS_BYTES = 4 << 20
_SUSPICIOUS_RATIO = 200
"""Logs shrink to a tenth or a thirtieth; what shrinks this far beyond the first bytes is made to exhaust its reader."""
_CHECK_EVERY = 4096


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedIOBase]:
    """The file's content, unpacked. Raises :class:`FileRefused` when it cannot be opened."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise FileRefused(
            f"the log {path} cannot be read: {error.strerror}; check the path and its rights"
        ) from error
    with raw:
        if not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
            raise FileRefused(f"{path} is not an ordinary file; name a log file")
        packed = raw.read(2) == GZIP
        raw.seek(0)
        if not packed:
            yield raw
            return
        with gzip.GzipFile(fileobj=raw, mode="rb") as unpacked:
            yield unpacked


class Lines:
    """Lines with their line breaks; one that is longer than a message may be comes shortened and is remembered."""

    def __init__(self, path: Path, file: io.BufferedIOBase) -> None:
        self._path = path
        self._file = file
        self._compressed = max(1, path.stat().st_size) if isinstance(file, gzip.GzipFile) else 0
        self.number = 0
        self.damage = ""
        """Why reading ended before the end of the file; empty when it did not."""
        self.shortened = False
        """Whether the latest line was cut."""
        self.quotes_cut = 0
        """Double quotes in what was cut off the latest line."""

    def __iter__(self) -> Iterator[bytes]:
        while line := self._next():
            self.number += 1
            yield line

    def position(self) -> int:
        """Where the next line begins."""
        return self._file.tell()

    def rewind(self, position: int, number: int) -> None:
        """Goes on at a position that :meth:`position` told behind line ``number``."""
        self._file.seek(position)
        self.number = number

    def _next(self) -> bytes:
        self.shortened, self.quotes_cut = False, 0
        try:
            line = self._file.readline(MAX_ENTRY)
            if len(line) == MAX_ENTRY and not line.endswith(b"\n"):
                self._skip_rest()
        except (EOFError, gzip.BadGzipFile, zlib.error):
            self.damage = "the compressed file is damaged or cut off; the rest of it cannot be read"
            return b""
        except OSError as error:
            raise FileRefused(f"the log {self._path} cannot be read: {error.strerror or error}") from error
        if self._compressed and (self.number % _CHECK_EVERY == 0 or self.shortened):
            self._check_ratio()
        return line

    def _skip_rest(self) -> None:
        self.shortened = True
        while rest := self._file.readline(MAX_ENTRY):
            self.quotes_cut += rest.count(b'"')
            if self._compressed:
                self._check_ratio()
            if rest.endswith(b"\n"):
                return

    def _check_ratio(self) -> None:
        read = self._file.tell()
        if read > _SUSPICIOUS_BYTES and read > _SUSPICIOUS_RATIO * self._compressed:
            raise FileRefused(
                f"{self._path} unpacks to more than {_SUSPICIOUS_RATIO} times its size, which no log does; "
                "unpack it yourself if it is one"
            )
