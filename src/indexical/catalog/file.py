"""The snapshot file: a :class:`Catalog` as compressed JSON, for planning elsewhere and later.

It holds sample values of the data (most common values, histograms), so it is as private as the data and is written for its
owner's eyes only. Reading one trusts nothing: size, kind, version and every type are checked before a value is made.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import tempfile
import types
import typing
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from indexical.errors import FileRefused
from indexical.model import Catalog

FORMAT = "indexical-snapshot"
VERSION = 1
_LARGEST_FILE = 256 * 1024 * 1024
"""Bytes on disk."""
_LARGEST_TEXT = 512 * 1024 * 1024
"""Bytes when unpacked."""
_LARGEST_RATIO = 200
_RATIO_COUNTS_FROM = 8 * 1024 * 1024
_DEEPEST = 12
"""Nesting of a catalog's JSON; its own is 8."""
_CHUNK = 1 << 16


def save(catalog: Catalog, path: str | os.PathLike[str]) -> None:
    """Writes the catalog to a file that only its owner can read; an older one is replaced in one step.

    Raises :class:`FileRefused` when the file cannot be written.
    """
    target = Path(path)
    document = {"format": FORMAT, "version": VERSION, "catalog": dataclasses.asdict(catalog)}
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    packed = packer.compress(text.encode("ascii")) + packer.flush()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(packed)
            # mkstemp has made it readable by its owner only.
            Path(name).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise FileRefused(f"the snapshot cannot be written to {target}: {error.strerror}") from None


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
    text = _unpacked(source)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
            parse_float=_finite,
        )
    except _WrongError as error:
        raise FileRefused(f"{source} is no snapshot: {error}") from None
    except (ValueError, RecursionError):
        raise FileRefused(f"{source} is no snapshot: its contents are not JSON; make a new one") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FileRefused(f"{source} is no snapshot; make one with: indexical snapshot URL -o FILE")
    if document.get("version") != VERSION:
        raise FileRefused(
            f"{source} is a snapshot of another version of Indexical; make a new one or use that version"
        )
    try:
        return typing.cast(Catalog, _made(Catalog, document.get("catalog"), "catalog", 0))
    except _WrongError as error:
        raise FileRefused(f"{source} is a damaged snapshot: {error}; make a new one") from None


class _WrongError(ValueError):
    """Something in the JSON that a snapshot never has."""


def _unpacked(source: Path) -> bytes:
    try:
        if not source.is_file():
            raise FileRefused(f"{source} is not a file; name a snapshot file")
        size = source.stat().st_size
        if size > _LARGEST_FILE:
            raise FileRefused(f"{source} is larger than any snapshot ({size} bytes)")
        with source.open("rb") as file:
            return _inflated(file, source)
    except OSError as error:
        raise FileRefused(f"{source} cannot be read: {error.strerror}") from None


def _inflated(file: typing.BinaryIO, source: Path) -> bytes:
    unpacker = zlib.decompressobj(31)
    text = io.BytesIO()
    read = 0
    try:
        while chunk := file.read(_CHUNK):
            read += len(chunk)
            while chunk:
                text.write(unpacker.decompress(chunk, 1 << 20))
                chunk = unpacker.unconsumed_tail
                unpacked = text.tell()
                bomb = unpacked > _RATIO_COUNTS_FROM and unpacked > read * _LARGEST_RATIO
                if bomb or unpacked > _LARGEST_TEXT:
                    raise FileRefused(f"{source} unpacks to far more than a snapshot holds")
            if unpacker.eof:
                break
    except zlib.error:
        raise FileRefused(f"{source} is no snapshot: it is not compressed as one") from None
    if not unpacker.eof or unpacker.unused_data or file.read(1):
        raise FileRefused(
            f"{source} is a damaged snapshot: it ends too early or goes on after its end; make a new one"
        )
    return text.getvalue()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _WrongError("a key appears twice")
    return found


def _no_constant(name: str) -> Any:
    raise _WrongError(f"{name} is no number")


def _bounded_int(text: str) -> int:
    if len(text) > 20:
        raise _WrongError("a number is too large")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _WrongError("a number is too large")
    return number


def _made(kind: Any, value: Any, where: str, depth: int) -> Any:
    """The value as its type says, checked all the way down."""
    if depth > _DEEPEST:
        raise _WrongError(f"{where} is nested too deeply")
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _made_record(kind, value, where, depth)
    origin = typing.get_origin(kind)
    if origin is tuple:
        return _made_tuple(typing.get_args(kind), value, where, depth)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        inner = next(part for part in typing.get_args(kind) if part is not types.NoneType)
        return _made(inner, value, where, depth)
    return _made_scalar(kind, value, where)


def _made_scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise _WrongError(f"{where} is not of type {kind.__name__}")
    if kind is str and "\x00" in value:
        raise _WrongError(f"{where} holds a NUL character")
    return value


def _made_tuple(parts: tuple[Any, ...], value: Any, where: str, depth: int) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _WrongError(f"{where} is no list")
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(_made(parts[0], item, where, depth + 1) for item in value)
    if len(parts) != len(value):
        raise _WrongError(f"{where} has the wrong number of items")
    return tuple(_made(part, item, where, depth + 1) for part, item in zip(parts, value, strict=True))


def _made_record(kind: type, value: Any, where: str, depth: int) -> Any:
    if not isinstance(value, dict):
        raise _WrongError(f"{where} is no object")
    fields, make = _fields(kind)
    unknown = sorted(set(value) - set(fields))
    if unknown:
        raise _WrongError(f"{where} holds something unknown")
    found = {name: _made(fields[name], item, f"{where}.{name}", depth + 1) for name, item in value.items()}
    try:
        return make(**found)
    except (TypeError, ValueError):
        raise _WrongError(f"{where} is incomplete") from None


@cache
def _fields(kind: type) -> tuple[dict[str, Any], Callable[..., Any]]:
    return typing.get_type_hints(kind), kind
