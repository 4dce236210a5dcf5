"""Writing the record of a run: one JSON object a line, only ever appended, on disk before the step that it announces is taken.

A line is ``{"at", "run", "step", "event", ...}``. Lines about the run itself bear the step ``run``: ``begin`` (which database,
and the whole plan), ``backup``, ``preflight``, ``resumed``, ``end``. Lines about a step bear its id: ``before``, ``backend``
(the server process that is to do it), ``index`` (the oid of what it builds), ``pending``, ``interrupted``, ``after``.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from indexical import kept_lines
from indexical.apply.journal.reading import complete, outcome_kind, read_run
from indexical.errors import FileRefused
from indexical.model import DdlStatement, Outcome
from indexical.model.run import BackupEvidence, RunRecord, TargetIdentity


def new_run() -> str:
    """An id for a run."""
    return secrets.token_hex(4)


class Journal:
    """An open journal file of one run; a context manager.

    While it is open nobody else can open it for writing. A step that cannot be recorded is not taken: every method raises
    :class:`FileRefused` when the file cannot be written.
    """

    def __init__(self, path: Path, run: str, file: int) -> None:
        self.path = path
        self.run = run
        self._file = file

    @classmethod
    def begin(
        cls,
        path: Path,
        run: str,
        target: TargetIdentity,
        plan: Sequence[DdlStatement] = (),
        *,
        verb: str = "apply",
        server_version: str = "",
        tool_version: str = "",
        undoes: str = "",
    ) -> Self:
        """A new file, which must not exist yet, with the run and its whole plan as the first line."""
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise FileRefused(
                f"the journal {path} could not be created ({error.strerror}); choose another place for it"
            ) from None
        journal = cls(path, run, file)
        try:
            journal._alone()
            kept_lines.sync_folder(path)
            journal.record(
                "run",
                "begin",
                verb=verb,
                target=asdict(target),
                server_version=server_version,
                tool_version=tool_version,
                plan=[asdict(statement) for statement in plan],
                undoes=undoes,
            )
        except BaseException:
            journal.close()
            raise
        return journal

    @classmethod
    def reopen(cls, path: Path) -> tuple[Self, RunRecord]:
        """A journal that is there, to be written on, with what it says; a last line that was cut is taken off first.

        Raises :class:`FileRefused` also when the run is at work, or when the file is damaged.
        """
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise FileRefused(
                f"the journal {path} cannot be opened ({error.strerror}); name the journal of a run"
            ) from None
        journal = cls(path, "", file)
        try:
            journal._alone()
            record = read_run(path)
            journal.run = record.run
            if record.torn:
                os.ftruncate(file, complete(path))
                os.fsync(file)
        except OSError as error:
            journal.close()
            raise FileRefused(
                f"the journal {path} cannot be written ({error.strerror}); nothing was changed"
            ) from None
        except BaseException:
            journal.close()
            raise
        return journal, record

    def record(self, step: str, event: str, **details: object) -> None:
        """Appends one line and waits until the disk has it."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": moment, "run": self.run, "step": step, "event": event, **details}
        text = json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n"
        try:
            written = os.write(self._file, text.encode())
            if written != len(text):
                raise OSError(errno.ENOSPC, "No space left on device")
            os.fsync(self._file)
        except OSError as error:
            raise FileRefused(
                f"the journal {self.path} could not be written ({error.strerror}); nothing further was begun"
            ) from None

    def backed_up(self, backup: BackupEvidence) -> None:
        """What stands for a back-up before the first statement."""
        self.record("run", "backup", evidence=asdict(backup))

    def ended(self, outcome: Outcome) -> None:
        """What became of the outcome's step."""
        self.record(outcome.id, "after", outcome={"kind": outcome_kind(outcome), **asdict(outcome)})

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _alone(self) -> None:
        """Two processes on one run would both believe that the other's steps are their own."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileRefused(
                f"the journal {self.path} is in use: its run is at work; wait for it to end"
            ) from None
        except OSError as error:
            raise FileRefused(
                f"the journal {self.path} cannot be locked ({error.strerror}); choose a place on a local disk for it"
            ) from None
