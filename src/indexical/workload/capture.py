"""The capture file: JSON lines, one for each statement and place that ran it, appended while a project runs.

The format is described in ``docs/capture-file.md``. Several processes may append to one file at the same time: each line is
one write to a file opened with ``O_APPEND``. A line that was cut off by a crash is skipped and counted when reading.
Everything in a file is taken as hostile: lengths, depth and types are checked, and its SQL is only ever prepared.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexical.errors import FileRefused, StatementRefused
from indexical.model import Origin, Parameters, Workload
from indexical.workload.fingerprint import Normalised, normalise
from indexical.workload.gathering import (
    MAX_SAMPLES,
    Observation,
    Observed,
    arrange,
    arrange_types,
    printable,
    summarise,
    workload_of,
)

FORMAT = "indexical-capture"
VERSION = 1
MAX_BYTES = 1024 * 1024 * 1024
MAX_LINE = 1024 * 1024
_MAX_COUNT = 1e15
_MAX_VALUE = 100_000
_TYPE = re.compile(r"(?:[a-z][a-z0-9_ ]{0,62}(?:\[\])?)?\Z")


@dataclass(frozen=True, slots=True)
class Record:
    """One line: what one place of the project did with one statement since the line before."""

    sql: str
    """One statement with ``$n``."""
    calls: float
    types: tuple[str, ...] = ()
    total_ms: float = 0.0
    rows: float = -1.0
    """Rows over all the calls; -1 when unknown."""
    samples: tuple[Parameters, ...] = ()
    weights: tuple[float, ...] = ()
    redacted: tuple[int, ...] = ()
    """Numbers of the ``$n`` whose values were left out; their place in a sample holds None."""
    location: str = ""
    view: str = ""
    url: str = ""
    probed: float = 0.0
    changed: Mapping[str, float] = field(default_factory=dict)
    start: float = 0.0
    end: float = 0.0
    """Seconds since 1970."""
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Lost:
    """Calls that were seen but not recorded."""

    why: str
    calls: float


def encode(record: Record | Lost) -> bytes:
    """The record as one line of the file. Parts that say nothing are left out."""
    if isinstance(record, Lost):
        return json.dumps({"lost": record.why, "calls": record.calls}, separators=(",", ":")).encode() + b"\n"
    line: dict[str, Any] = {"sql": record.sql, "calls": record.calls}
    if any(record.types):
        line["types"] = record.types
    if record.total_ms:
        line["total_ms"] = round(record.total_ms, 3)
    if record.rows >= 0:
        line["rows"] = record.rows
    if record.samples:
        line["samples"] = record.samples
        line["weights"] = [round(weight, 3) for weight in record.weights]
    for name in ("redacted", "location", "view", "url"):
        if value := getattr(record, name):
            line[name] = value
    if record.probed:
        line["probed"] = record.probed
        line["changed"] = dict(sorted(record.changed.items()))
    line |= {"start": round(record.start, 3), "end": round(record.end, 3), "pid": record.pid}
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


class CaptureWriter:
    """Appends records to a capture file, which is made with rights for its owner only.

    Raises :class:`FileRefused` when the file cannot be opened or already holds something else.
    """

    def __init__(self, path: str | Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path = Path(path)
        self._max_bytes = max_bytes
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._descriptor = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise FileRefused(
                f"the capture file {self.path} cannot be written: {error.strerror}; choose another path"
            ) from error
        try:
            self._begin()
        except BaseException:
            os.close(self._descriptor)
            raise

    def _begin(self) -> None:
        """Writes the first line, or makes sure that it is there already; only one process at a time."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            if os.fstat(self._descriptor).st_size == 0:
                os.write(self._descriptor, _header())
            else:
                _check_header(os.pread(self._descriptor, 4096, 0).split(b"\n")[0], self.path)
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def write(self, records: Iterable[Record | Lost]) -> None:
        """Raises :class:`FileRefused` when the file is full or the disk is."""
        try:
            if os.fstat(self._descriptor).st_size > self._max_bytes:
                raise FileRefused(
                    f"the capture file {self.path} has reached its limit of {self._max_bytes} bytes"
                )
            for record in records:
                line = encode(record)
                if len(line) > MAX_LINE:
                    continue
                written = os.write(self._descriptor, line)
                if written < len(line):
                    # The line is broken; the next one shall not be broken with it.
                    os.write(self._descriptor, b"\n")
        except OSError as error:
            raise FileRefused(f"the capture file {self.path} cannot be written: {error.strerror}") from error

    def close(self) -> None:
        os.close(self._descriptor)


def _header() -> bytes:
    return json.dumps({"format": FORMAT, "version": VERSION}, separators=(",", ":")).encode() + b"\n"


def is_capture(first_bytes: bytes) -> bool:
    """Whether a file that begins so claims to be a capture file."""
    return first_bytes.lstrip()[:1] == b"{" and FORMAT.encode() in first_bytes.split(b"\n")[0]


@dataclass(frozen=True, slots=True)
class CaptureFile:
    path: str | Path

    def read(self) -> Workload:
        """Raises :class:`FileRefused` when the file is missing, too large, or no capture file."""
        return workload_of((self.observe(),))

    def observe(self) -> Observed:
        path = Path(self.path)
        name = printable(path.name)
        seen: list[Observation] = []
        skips: dict[str, list[tuple[int, float]]] = defaultdict(list)
        start, end = math.inf, -math.inf
        cache: dict[str, Normalised] = {}
        for number, line in _lines(path):
            try:
                record = _record(line)
                if isinstance(record, Lost):
                    skips[record.why].append((number, record.calls))
                    continue
                seen.append(_observation(record, name, cache))
            except (_Bad, StatementRefused) as error:
                skips[str(error)].append((number, 0.0))
                continue
            if record.start > 0 and record.end >= record.start:
                start, end = min(start, record.start), max(end, record.end)
        return Observed(tuple(seen), summarise(skips, name), end - start if end > start else 0.0)


class _Bad(ValueError):
    """A line that is no record; the message holds nothing of the line."""


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines behind the header; a line over the limit comes as an empty object, which no record is."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise FileRefused(f"{path} is larger than {MAX_BYTES >> 20} MiB; capture for a shorter time")
            _check_header(file.readline(4096), path)
            number = 1
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    while line and not line.endswith(b"\n"):
                        line = file.readline(MAX_LINE)
                    line = b"{}"
                if line.strip():
                    yield number, line
    except OSError as error:
        raise FileRefused(
            f"{path} cannot be read: {error.strerror}; check the path and its rights"
        ) from error


def _check_header(line: bytes, path: Path) -> None:
    try:
        header = _json(line)
    except _Bad:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise FileRefused(
            f"{path} is not a capture file: its first line does not say so; record one with: indexical capture"
        )
    if header.get("version") != VERSION:
        raise FileRefused(
            f"{path} is a capture file of another version than {VERSION}; record it again with this Indexical"
        )


def _json(line: bytes) -> Any:
    try:
        return json.loads(line, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _Bad("the line is not JSON, or was cut off") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Bad("a key is there twice")
    return found


def _no_constant(name: str) -> float:
    raise _Bad("a number is not finite")


def _record(line: bytes) -> Record | Lost:
    data = _json(line)
    if not isinstance(data, dict):
        raise _Bad("the line is not a record")
    if "lost" in data:
        return Lost(_text(data, "lost"), _count(data, "calls"))
    sql = data.get("sql")
    if not isinstance(sql, str) or "calls" not in data:
        raise _Bad("the record has no statement or no calls, or is too long")
    return Record(
        sql=sql,
        calls=_count(data, "calls"),
        types=tuple(_types(data)),
        total_ms=_count(data, "total_ms"),
        rows=_count(data, "rows") if "rows" in data else -1.0,
        samples=tuple(_samples(data)),
        weights=tuple(_number(weight) for weight in _list(data, "weights")),
        location=_text(data, "location"),
        view=_text(data, "view"),
        url=_text(data, "url"),
        probed=_count(data, "probed"),
        changed=_changed(data),
        start=_count(data, "start"),
        end=_count(data, "end"),
    )


def _observation(record: Record, source: str, cache: dict[str, Normalised]) -> Observation:
    normalised = cache.get(record.sql)
    if normalised is None:
        normalised = cache[record.sql] = normalise(record.sql)
    if normalised.kind == "other":
        raise _Bad("not a query: only SELECT, INSERT, UPDATE and DELETE are examined")
    if not record.calls:
        raise _Bad("the record has no calls")
    needed = max(normalised.numbers, default=0)
    samples = [sample for sample in record.samples if len(sample) >= needed] if normalised.values else []
    weights = (
        record.weights
        if len(record.weights) == len(record.samples) == len(samples)
        else (1.0,) * len(samples)
    )
    return Observation(
        normalised=normalised,
        calls=record.calls,
        total_ms=record.total_ms,
        types=arrange_types(normalised, record.types),
        samples=tuple(arrange(normalised, sample) for sample in samples),
        weights=weights,
        origin=Origin(record.location, record.url or record.view, source)
        if record.location or record.view
        else None,
        rows=record.rows,
        probed=record.probed,
        changed=tuple(sorted(record.changed.items())),
    )


def _list(data: dict[str, Any], name: str) -> list[Any]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise _Bad(f"{name} is not a list")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_COUNT:
        raise _Bad("a count is not a number, or out of range")
    return float(value)


def _count(data: dict[str, Any], name: str) -> float:
    return _number(data.get(name, 0))


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise _Bad(f"{name} is not text")
    return printable(value)


def _types(data: dict[str, Any]) -> Iterator[str]:
    for name in _list(data, "types"):
        if not isinstance(name, str) or not _TYPE.match(name):
            raise _Bad("a type is not the name of a type")
        yield name


def _samples(data: dict[str, Any]) -> Iterator[Parameters]:
    for sample in _list(data, "samples")[:MAX_SAMPLES]:
        if not isinstance(sample, list):
            raise _Bad("a sample is not a list")
        for value in sample:
            if value is not None and not (
                isinstance(value, str) and len(value) <= _MAX_VALUE and "\x00" not in value
            ):
                raise _Bad("a value of a sample is not text, or too long")
        yield tuple(sample)


def _changed(data: dict[str, Any]) -> dict[str, float]:
    changed = data.get("changed", {})
    if not isinstance(changed, dict):
        raise _Bad("changed is not an object")
    return {printable(column, 63): _number(count) for column, count in changed.items()}
