"""Where the program keeps what it writes about its own work: journals of runs, back-ups, samples of use."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from indexical.errors import FileRefused

_FOLDER = ".indexical"
RUNS = "runs"
SAMPLES = "usage.sqlite"
BACKUPS = "backups"


def records_folder(create: bool = False) -> Path:
    """``.indexical`` in the current directory, for its owner only and kept out of version control.

    Raises :class:`FileRefused` when it is to be made and cannot be, or when something else is in its place.
    """
    folder = Path.cwd() / _FOLDER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileRefused(f"{folder} is not a folder; move it away, so that journals can be kept there")
    if create:
        _make(folder)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            _written(ignore, "*\n")
    return folder


def runs_folder(create: bool = False) -> Path:
    """The folder of the journals. Raises :class:`FileRefused` as :func:`records_folder` does."""
    return _inside(RUNS, create)


def backups_folder(create: bool = False) -> Path:
    """The folder of the back-ups. Raises :class:`FileRefused` as :func:`records_folder` does."""
    return _inside(BACKUPS, create)


def new_journal(run: str) -> Path:
    """A path for the journal of a run that begins now; its folder is made.

    Raises :class:`FileRefused` as :func:`records_folder` does.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return runs_folder(create=True) / f"{moment}-{run}.jsonl"


def shown(path: Path) -> str:
    """The path as people see it from where they are."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _inside(name: str, create: bool) -> Path:
    folder = records_folder(create) / name
    if create:
        _make(folder)
    return folder


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.stat()
        if found.st_uid == os.getuid() and found.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise FileRefused(
            f"the folder {folder} could not be made ({error.strerror}); go to a folder that can be written, "
            "or name a journal with --journal FILE"
        ) from None


def _written(path: Path, text: str) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        return
    except OSError as error:
        raise FileRefused(
            f"{path} could not be written ({error.strerror}); make room or choose another folder"
        ) from None
