"""``.sql`` files as a workload, one file or a folder of them.

A comment line ``-- indexical: id=orders-list calls=120`` before a statement names and weighs it; without it a statement
counts as one call.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from indexical.errors import FileRefused, StatementRefused
from indexical.model import Origin, Workload
from indexical.workload.fingerprint import Normalised, normalise
from indexical.workload.gathering import Observation, Observed, printable, summarise, workload_of
from indexical.workload.splitting import Piece, split

MAX_BYTES = 64 * 1024 * 1024
_NOTE = re.compile(r"--\s*indexical\s*:(.*)", re.IGNORECASE)
_PAIR = re.compile(r"(\w+)=(\S+)\Z")
_ID = re.compile(r"[\w][\w.:/+-]{0,79}\Z")


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A ``.sql`` file, or a folder whose ``.sql`` files are read in the order of their names."""

    path: str | Path

    def read(self) -> Workload:
        """Raises :class:`FileRefused` when the file is missing, too large, not text, or holds nothing to examine."""
        return workload_of(self.observe())

    def observe(self) -> tuple[Observed, ...]:
        path = Path(self.path)
        if not path.is_dir():
            return (_observe_file(path),)
        files = sorted(file for file in path.rglob("*.sql") if file.is_file())
        if not files:
            raise FileRefused(f"the folder {path} holds no .sql file; name the folder that does, or a file")
        return tuple(_observe_file(file) for file in files)


@dataclass(frozen=True, slots=True)
class _Note:
    id: str = ""
    calls: float = 1.0


def _observe_file(path: Path) -> Observed:
    seen: list[Observation] = []
    known: set[str] = set()
    skips: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for piece in split(_text(path)):
        note = _note(path, piece)
        if piece.damage:
            skips[piece.damage].append((piece.line, note.calls))
            continue
        try:
            normalised = normalise(piece.text)
        except StatementRefused as error:
            skips[str(error)].append((piece.line, note.calls))
            continue
        if normalised.kind == "other":
            skips["not a query: only SELECT, INSERT, UPDATE and DELETE are examined"].append(
                (piece.line, note.calls)
            )
            continue
        observation = _observation(normalised, note)
        key = note.id or normalised.fingerprint
        if key not in known:
            known.add(key)
            origin = Origin(location=f"{printable(path.name)}:{piece.line}", source=printable(path.name))
            observation = replace(observation, origin=origin)
        seen.append(observation)
    if not seen:
        why = f"; the first thing in it: {next(iter(skips))}" if skips else ""
        raise FileRefused(f"{path} holds no statement that can be examined{why}")
    return Observed(tuple(seen), summarise(skips, printable(path.name)))


def _observation(normalised: Normalised, note: _Note) -> Observation:
    samples = (normalised.values,) if normalised.values and normalised.complete else ()
    return Observation(
        normalised=normalised,
        id=note.id,
        calls=note.calls,
        types=normalised.types,
        samples=samples,
        weights=(note.calls,) if samples else (),
    )


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FileRefused(
                f"{path} is larger than {MAX_BYTES >> 20} MiB; split it or leave the data out of it"
            )
        raw = path.read_bytes()
    except OSError as error:
        raise FileRefused(
            f"{path} cannot be read: {error.strerror}; check the path and its rights"
        ) from error
    if not raw.strip():
        raise FileRefused(f"{path} is empty; give a file with SQL statements")
    if b"\x00" in raw:
        raise FileRefused(f"{path} is not a text file; give a file with SQL statements")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise FileRefused(
            f"{path} is not UTF-8 text (byte {error.start}); convert it and try again"
        ) from error


def _note(path: Path, piece: Piece) -> _Note:
    note = _Note()
    for comment in piece.comments:
        found = _NOTE.match(comment)
        if found is None:
            continue
        for word in found.group(1).split():
            note = _with_word(note, word, f"{path}:{piece.line}")
    return note


def _with_word(note: _Note, word: str, place: str) -> _Note:
    found = _PAIR.match(word)
    name, value = found.groups() if found else ("", "")
    if name == "id" and _ID.match(value):
        return replace(note, id=value)
    if name == "calls":
        try:
            calls = float(value)
        except ValueError:
            calls = math.nan
        if math.isfinite(calls) and calls > 0:
            return replace(note, calls=calls)
    raise FileRefused(
        f"{place}: {printable(word, 60)!r} in the indexical comment is not understood; "
        "write id=NAME (letters, digits, . : / + -) and calls=NUMBER above 0"
    )
