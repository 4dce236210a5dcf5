"""Where results go: standard output, or a file written whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from indexical.errors import InputError


def terminal() -> tuple[int, bool]:
    """Width of standard output in columns, and whether it takes colours."""
    tty = sys.stdout.isatty()
    return (shutil.get_terminal_size((120, 40)).columns if tty else 120), tty and "NO_COLOR" not in os.environ


def emit(text: str, path: str | None) -> None:
    """Prints the text, or writes it to the file.

    Raises:
        InputError: the file cannot be written; nothing is left half-written.
    """
    if path is None:
        sys.stdout.write(text)
        return
    target = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, target)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
