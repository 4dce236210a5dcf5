"""The record of a run: one JSON object a line, only ever appended, on disk before the step that it announces is taken.

It says what was done to which database, for people and for a later run. Nothing here reads it back.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from indexical.errors import DatabaseError, FileRefused
from indexical.pg.queries import load
from indexical.pg.session import Session


@dataclass(frozen=True, slots=True)
class TargetIdentity:
    """Which database a journal is about, independent of how it was reached."""

    system_identifier: str
    """Of the cluster; empty when our role may not read it."""
    database_oid: int
    database: str


def identity(session: Session) -> TargetIdentity:
    """Raises :class:`DatabaseError`."""
    row = session.rows(load("apply_server"))[0]
    try:
        cluster = session.rows(load("apply_identity"))[0]["system_identifier"]
    except DatabaseError as error:
        if error.code != "42501":
            raise
        cluster = ""
    return TargetIdentity(cluster, row["database_oid"], row["database"])


class Journal:
    """An open journal file of one run; a context manager.

    Raises :class:`FileRefused` when the file exists already or cannot be written: a step that cannot be recorded is not
    taken.
    """

    def __init__(self, path: Path, run: str, target: TargetIdentity) -> None:
        self.path = path
        self.run = run
        try:
            self._file = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise FileRefused(
                f"the journal {path} could not be created ({error.strerror}); choose another place for it"
            ) from None
        self._sync_folder()
        self.record("run", "begin", target=asdict(target))

    def record(self, step: str, event: str, **details: object) -> None:
        """Appends one line and waits until the disk has it."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": moment, "run": self.run, "step": step, "event": event, **details}
        text = json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n"
        try:
            written = os.write(self._file, text.encode())
            if written != len(text):
                raise OSError(28, "No space left on device")
            os.fsync(self._file)
        except OSError as error:
            raise FileRefused(
                f"the journal {self.path} could not be written ({error.strerror}); nothing further was begun"
            ) from None

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _sync_folder(self) -> None:
        """A new file's name is only safe once its folder is."""
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
