"""Samples over time in one SQLite file (https://www.sqlite.org), readable by nobody but its owner.

A file is foreign until it has shown to be ours: its marks, its version and its tables are checked before anything of it is
believed, and no code that it may bring (views, triggers) is ever run.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from indexical.errors import FileRefused
from indexical.model.usage import NodeState, Reverted, Sample, UseVerdict
from indexical.usage.encoding import PARTS, decoded, encoded
from indexical.usage.thinning import enough
from indexical.usage.windows import judge

_MARK = 0x1DE8CA1
"""``application_id`` of our files."""
_VERSION = 2
_BUSY_MS = 5_000
_LARGEST = 1 << 30
_LONGEST = 64 * 1024 * 1024
"""Characters of one sample's counters."""

_TABLES = {
    "sample": "CREATE TABLE sample (id INTEGER PRIMARY KEY, system TEXT NOT NULL, database INTEGER NOT NULL, "
    "node TEXT NOT NULL, taken_at TEXT NOT NULL, state TEXT NOT NULL, indexes TEXT NOT NULL, tables TEXT NOT NULL, "
    "statements TEXT NOT NULL) STRICT",
    "reverted": "CREATE TABLE reverted (system TEXT NOT NULL, database_oid INTEGER NOT NULL, schema TEXT NOT NULL, "
    '"table" TEXT NOT NULL, definition TEXT NOT NULL, name TEXT NOT NULL, at TEXT NOT NULL, why TEXT NOT NULL) STRICT',
}
_INDEXES = {"sample_of_node": "CREATE INDEX sample_of_node ON sample (system, database, node, taken_at)"}


class SampleStore(Protocol):
    """Where samples are kept: :class:`Store`, or a table of the project's own."""

    def add(self, sample: Sample) -> None: ...

    def nodes(self, state: NodeState) -> tuple[str, ...]: ...

    def samples(self, state: NodeState, node: str, *, thinned: bool = False) -> tuple[Sample, ...]: ...

    def forget(self, before: str) -> int: ...


class Store:
    """A context manager; not for several threads. Every method raises :class:`FileRefused` when the file fails it."""

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it. Raises :class:`FileRefused` when it is anything else than a store of samples."""
        self._path = path
        fresh = _make(path)
        with self._errors():
            self._database = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None)
        try:
            with self._errors():
                self._database.executescript(
                    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON"
                )
                self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
                if fresh:
                    self._lay_out()
                self._check()
                self._database.execute("PRAGMA journal_mode = WAL")
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def add(self, sample: Sample) -> None:
        """Keeps a sample, whole or not at all."""
        state = sample.state
        values = (
            state.system,
            state.database_oid,
            sample.node,
            sample.taken_at,
            *encoded(sample).values(),
        )
        with self._errors():
            self._database.execute(
                "INSERT INTO sample (system, database, node, taken_at, state, indexes, tables, statements)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def nodes(self, state: NodeState) -> tuple[str, ...]:
        """The servers of a database that were ever sampled."""
        with self._errors():
            rows = self._database.execute(
                "SELECT DISTINCT node FROM sample WHERE system = ? AND database = ? ORDER BY node",
                (state.system, state.database_oid),
            ).fetchall()
        return tuple(str(node) for (node,) in rows)

    def samples(self, state: NodeState, node: str, *, thinned: bool = False) -> tuple[Sample, ...]:
        """One server's samples of the database that ``state`` is of, oldest first; ``thinned`` to what is enough to judge."""
        with self._errors():
            found = self._database.execute(
                "SELECT id, taken_at FROM sample WHERE system = ? AND database = ? AND node = ? ORDER BY taken_at, id",
                (state.system, state.database_oid, node),
            ).fetchall()
        with self._unlike_ours():
            places = enough([str(taken_at) for _, taken_at in found]) if thinned else range(len(found))
        return tuple(self._read(found[place][0], node) for place in places)

    def window(
        self, state: NodeState, schema: str, name: str, nodes: Sequence[str] = (), *, at_least: float
    ) -> UseVerdict:
        """Whether an index was used, by the samples of all the ``nodes``; without them, of every one that was sampled."""
        wanted = tuple(nodes) or self.nodes(state)
        return judge({node: self.samples(state, node) for node in wanted}, schema, name, at_least=at_least)

    def forget(self, before: str) -> int:
        """Removes samples taken before that time (ISO 8601, UTC); returns how many."""
        with self._errors():
            return self._database.execute("DELETE FROM sample WHERE taken_at < ?", (before,)).rowcount

    def revert(self, reverted: Reverted) -> None:
        """Remembers that an index was taken back, so that it is not proposed again."""
        names = [field.name for field in fields(Reverted)]
        with self._errors():
            self._database.execute(
                f"INSERT INTO reverted VALUES ({', '.join('?' * len(names))})",  # noqa: S608
                tuple(asdict(reverted)[name] for name in names),
            )

    def reverted(self, state: NodeState) -> tuple[Reverted, ...]:
        """What was taken back in the database that ``state`` is of, oldest first."""
        with self._errors():
            rows = self._database.execute(
                'SELECT system, database_oid, schema, "table", definition, name, at, why FROM reverted'
                " WHERE system = ? AND database_oid = ? ORDER BY at, name",
                (state.system, state.database_oid),
            ).fetchall()
        return tuple(Reverted(*row) for row in rows)

    def _lay_out(self) -> None:
        # An immediate transaction: of two that make the file at once, the second finds it made.
        self._database.execute("BEGIN IMMEDIATE")
        if not self._database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            for text in (*_TABLES.values(), *_INDEXES.values()):
                self._database.execute(text)
            self._database.execute(f"PRAGMA application_id = {_MARK}")
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
        self._database.execute("COMMIT")

    def _check(self) -> None:
        mark = self._database.execute("PRAGMA application_id").fetchone()[0]
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        if mark != _MARK:
            raise self._refused("it is not a file of samples; name another, or move it away")
        if version != _VERSION:
            raise self._refused(
                f"it is of version {version}, and this program reads version {_VERSION}; use the program that wrote it, or "
                "move it away"
            )
        found = dict(
            self._database.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
        )
        if found != {**_TABLES, **_INDEXES}:
            raise self._refused("it holds other tables than ours; move it away")
        if self._database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise self._refused("it is damaged; move it away")

    def _read(self, id: int, node: str) -> Sample:
        with self._errors():
            taken_at, *texts = self._database.execute(
                "SELECT taken_at, state, indexes, tables, statements FROM sample WHERE id = ?", (id,)
            ).fetchone()
        with self._unlike_ours():
            return decoded(node, taken_at, dict(zip(PARTS, texts, strict=True)))

    @contextmanager
    def _unlike_ours(self) -> Iterator[None]:
        try:
            yield
        except ValueError:
            raise self._refused("a sample in it is not one of ours; move it away") from None

    def _refused(self, why: str) -> FileRefused:
        return FileRefused(f"{self._path} cannot be used: {why}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._refused(f"{error}; move it away, or see that it can be written") from None


def _make(path: Path) -> bool:
    """Whether the file has to be laid out: it was not there, or is still empty. It is for its owner only."""
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise FileRefused(f"{path} cannot be used: it is not an ordinary file; name another")
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise FileRefused(f"{path} cannot be used: {error.strerror}; name another") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise FileRefused(f"{path} cannot be used: it is larger than any file of samples; move it away")
        if status.st_size == 0:
            os.fchmod(handle, 0o600)
        return status.st_size == 0
    finally:
        os.close(handle)
