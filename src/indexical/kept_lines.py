"""Files of JSON lines that must not be lost and are not to be trusted: journals of runs, records of promotions."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

from indexical.errors import FileRefused


def content(path: Path, what: str, limit: int, remedy: str) -> bytes:
    """The whole file, of ``limit`` bytes at most.

    Args:
        what: what the file is to be, for messages: ``journal``.
        remedy: what to do instead.

    Raises:
        FileRefused: it cannot be read, is too large, or is no ordinary file.
    """
    try:
        # Not through a link, and never waiting: a pipe or a device is none of these.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as stream:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise FileRefused(f"{path} is not an ordinary file; {remedy}")
            if found.st_size > limit:
                raise FileRefused(f"{path} is larger than {limit // 2**20} MB and so is no {what}; {remedy}")
            return stream.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise FileRefused(f"the {what} {path} cannot be read ({reason}); {remedy}") from None


def document(line: bytes) -> dict[str, Any]:
    """The JSON object of one line; raises ValueError or TypeError for anything else, NaN and infinity included."""
    found = json.loads(line.decode("utf-8"), parse_constant=_no_number)
    if not isinstance(found, dict):
        raise TypeError(f"a line is {type(found).__name__}")
    return found


def sync_folder(path: Path) -> None:
    """A new file's name is only safe once its folder is."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")
