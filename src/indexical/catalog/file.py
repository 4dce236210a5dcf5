"""The snapshot file: a :class:`Catalog` as compressed JSON lines, for planning elsewhere and later.

It holds sample values of the data (most common values, histograms) unless they were left out, so it is as private as the data
and is written for its owner's eyes only. The format is described in ``docs/snapshot.md``.

Reading one trusts nothing. The whole file is unpacked once without being kept, which finds what is torn, damaged (gzip has a
checksum) or far too large; then it is read line by line, and the first line that is not what stands there in a snapshot ends it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from indexical.catalog.records import WrongError, made, plain
from indexical.errors import FileRefused
from indexical.model import Catalog, Column, ServerStatement, Table

FORMAT = "indexical-snapshot"
VERSION = 2
"""Counts up with every change that an older reader would not understand."""
_OLDEST = 2
LARGEST_FILE = 64 << 20
"""Bytes on disk."""
LARGEST_TEXT = 256 << 20
"""Bytes when unpacked."""
_LARGEST_RATIO = 200
_RATIO_COUNTS_FROM = 8 << 20
_LONGEST_LINE = 16 << 20
"""Bytes; the longest real one is a column with 10,000 common values."""
_MOST_MARKS = 300_000
"""Commas, colons and brackets of a line: they bound the memory that its values can take."""
_MARKS = (b",", b":", b"[", b"{")
_MOST_QUOTES = 1_000_000
_MOST_LINES = 500_000
"""Tables, columns and statements together."""
_LONGEST_NUMBER = 40
_CHUNK = 1 << 16
_PIECE = 1 << 20

_REMAKE = "make a new one"


def save(catalog: Catalog, path: str | os.PathLike[str]) -> None:
    """Writes the catalog to a file that only its owner can read; an older one is replaced in one step.

    Raises :class:`FileRefused` when the file cannot be written.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                _write(catalog, file)
            # mkstemp has made it readable by its owner only.
            Path(name).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise FileRefused(f"the snapshot cannot be written to {target}: {error.strerror}") from None


def _write(catalog: Catalog, file: BinaryIO) -> None:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    count = 0
    for document in _documents(catalog):
        line = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"
        file.write(packer.compress(line.encode("ascii")))
        count += 1
    file.write(packer.compress(f'{{"end":{count}}}\n'.encode("ascii")) + packer.flush())


def _documents(catalog: Catalog) -> Iterator[dict[str, Any]]:
    yield {"format": FORMAT, "version": VERSION}
    yield {"catalog": plain(dataclasses.replace(catalog, tables=(), statements=())) | {"tables": []}}
    for table in catalog.tables:
        yield {"table": plain(dataclasses.replace(table, columns=())) | {"columns": []}}
        for column in table.columns:
            yield {"column": plain(column)}
    for statement in catalog.statements:
        yield {"statement": plain(statement)}


def is_snapshot(path: str | os.PathLike[str]) -> bool:
    """Whether the file begins as a snapshot does; anything else about it may still be wrong."""
    try:
        with Path(path).open("rb") as file:
            start = zlib.decompressobj(31).decompress(file.read(4096), 200)
    except (OSError, zlib.error):
        return False
    return start.startswith(b'{"format":"' + FORMAT.encode())


def load(path: str | os.PathLike[str]) -> Catalog:
    """The catalog in a snapshot file. Raises :class:`FileRefused` when it is not exactly one."""
    source = Path(path)
    try:
        if not source.is_file():
            raise FileRefused(f"{source} is not a file; name a snapshot file")
        if source.stat().st_size > LARGEST_FILE:
            raise FileRefused(f"{source} is larger than any snapshot may be ({LARGEST_FILE >> 20} MB)")
        with source.open("rb") as file:
            for _ in _pieces(file, source):
                pass
            file.seek(0)
            return _read(_lines(file, source), source)
    except OSError as error:
        raise FileRefused(f"{source} cannot be read: {error.strerror}") from None


def _pieces(file: BinaryIO, source: Path) -> Iterator[bytes]:
    """The unpacked text, piece by piece."""
    unpacker = zlib.decompressobj(31)
    read = unpacked = 0
    try:
        while not unpacker.eof and (chunk := file.read(_CHUNK)):
            read += len(chunk)
            while chunk:
                piece = unpacker.decompress(chunk, _PIECE)
                chunk = unpacker.unconsumed_tail
                unpacked += len(piece)
                bomb = unpacked > _RATIO_COUNTS_FROM and unpacked > read * _LARGEST_RATIO
                if bomb or unpacked > LARGEST_TEXT:
                    raise FileRefused(f"{source} unpacks to far more than a snapshot holds")
                yield piece
    except zlib.error:
        raise FileRefused(
            f"{source} is no snapshot: it is not compressed as one, or damaged; {_REMAKE}"
        ) from None
    if not unpacker.eof or unpacker.unused_data or file.read(1):
        raise FileRefused(
            f"{source} is a damaged snapshot: it ends too early or goes on after its end; {_REMAKE}"
        )


def _lines(file: BinaryIO, source: Path) -> Iterator[bytes]:
    """The unpacked lines; a last one without an end is one too."""
    rest = bytearray()
    for piece in _pieces(file, source):
        rest += piece
        start = 0
        while (end := rest.find(b"\n", start)) >= 0:
            yield bytes(rest[start:end])
            start = end + 1
        del rest[:start]
        if len(rest) > _LONGEST_LINE:
            raise FileRefused(f"{source} is no snapshot: a line is longer than any of a snapshot's")
    if rest:
        yield bytes(rest)


def _read(lines: Iterator[bytes], source: Path) -> Catalog:
    header = _parsed(next(lines, b""), source)
    if header.get("format") != FORMAT:
        raise FileRefused(f"{source} is no snapshot; make one with: indexical snapshot URL -o FILE")
    version = header.get("version")
    if type(version) is not int or not _OLDEST <= version <= VERSION:
        raise FileRefused(
            f"{source} is a snapshot of another version of Indexical; {_REMAKE} or use that version"
        )
    assembly = _Assembly()
    try:
        for line in lines:
            assembly.take(_parsed(line, source))
        return assembly.catalog()
    except WrongError as error:
        raise FileRefused(f"{source} is a damaged snapshot: {error}; {_REMAKE}") from None


def _parsed(line: bytes, source: Path) -> dict[str, Any]:
    if len(line) > _LONGEST_LINE or _marks(line) > _MOST_MARKS:
        raise FileRefused(f"{source} is no snapshot: a line holds more than any of a snapshot's")
    try:
        document = json.loads(
            line.decode("ascii"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
            parse_float=_finite,
        )
    except WrongError as error:
        raise FileRefused(f"{source} is no snapshot: {error}; {_REMAKE}") from None
    except (ValueError, RecursionError):
        raise FileRefused(f"{source} is no snapshot: its contents are not JSON lines; {_REMAKE}") from None
    if not isinstance(document, dict):
        raise FileRefused(f"{source} is no snapshot: a line of it is no object; {_REMAKE}")
    return document


def _marks(line: bytes) -> int:
    """How many marks a line has outside of its strings; far too many when it has too many strings to look."""
    marks = sum(line.count(mark) for mark in _MARKS)
    if marks <= _MOST_MARKS:
        return marks
    if line.count(b'"') > _MOST_QUOTES:
        return marks
    outside = line.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[0::2]
    return sum(part.count(mark) for part in outside for mark in _MARKS)


_ORDER = "its lines are in the wrong order"


class _Assembly:
    """Takes the lines after the header: catalog, (table, column ...) ..., statement ..., end."""

    def __init__(self) -> None:
        self._catalog: Catalog | None = None
        self._tables: dict[tuple[str, str], tuple[Table, dict[str, Column]]] = {}
        self._columns: dict[str, Column] = {}
        self._statements: list[ServerStatement] = []
        self._count = 1
        self._ended = False

    def take(self, document: dict[str, Any]) -> None:
        """One line. Raises :class:`WrongError`."""
        if self._ended or self._count > _MOST_LINES:
            raise WrongError("it goes on after its end")
        if len(document) != 1:
            raise WrongError("a line holds something unknown")
        ((kind, value),) = document.items()
        if (self._catalog is None) != (kind == "catalog"):
            raise WrongError(_ORDER)
        if kind == "catalog":
            self._catalog = made(Catalog, value, "catalog")
            if self._catalog.tables or self._catalog.statements:
                raise WrongError(_ORDER)
        elif kind == "end":
            self._ended = value == self._count
            if not self._ended:
                raise WrongError("lines are missing")
        else:
            self._take_part(kind, value)
        self._count += 1

    def _take_part(self, kind: str, value: Any) -> None:
        if kind == "statement":
            where = f"statement {len(self._statements) + 1}"
            self._statements.append(made(ServerStatement, value, where))
        elif self._statements:
            raise WrongError(_ORDER)
        elif kind == "table":
            self._take_table(made(Table, value, f"table {len(self._tables) + 1}"))
        elif kind == "column" and self._tables:
            where = f"column {len(self._columns) + 1} of table {len(self._tables)}"
            column = made(Column, value, where)
            if column.name in self._columns:
                raise WrongError(f"{where} appears twice")
            self._columns[column.name] = column
        else:
            raise WrongError(_ORDER)

    def _take_table(self, table: Table) -> None:
        where = f"table {len(self._tables) + 1}"
        place = (table.schema, table.name)
        if place in self._tables:
            raise WrongError(f"{where} appears twice")
        if table.columns:
            raise WrongError(f"{where} has its columns in the wrong place")
        if any((each.index.schema, each.index.table) != place for each in table.indexes):
            raise WrongError(f"{where} has an index of another table")
        self._columns = {}
        self._tables[place] = (table, self._columns)

    def catalog(self) -> Catalog:
        """The whole. Raises :class:`WrongError` when its end was not taken."""
        if self._catalog is None or not self._ended:
            raise WrongError("lines are missing")
        tables = tuple(
            dataclasses.replace(table, columns=tuple(columns.values()))
            for table, columns in self._tables.values()
        )
        return dataclasses.replace(self._catalog, tables=tables, statements=tuple(self._statements))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WrongError("a key appears twice")
    return found


def _no_constant(name: str) -> Any:
    raise WrongError(f"{name} is no number")


def _bounded_int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise WrongError("a number is too large")
    return int(text)


def _finite(text: str) -> float:
    number = float(text) if len(text) <= _LONGEST_NUMBER else float("inf")
    if number in (float("inf"), float("-inf")):
        raise WrongError("a number is too large")
    return number
