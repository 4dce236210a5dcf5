"""Where results go: standard output, or a file written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
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
    content = text.encode("utf-8", "backslashreplace")
    try:
        target = Path(path)
        if not path or target.is_dir():
            raise InputError(f"{path!r} cannot be written: it is a folder; name a file")
        if target.exists() and (not target.is_file() or target.is_relative_to("/dev")):
            # A device or a pipe, or /dev/stdout, whatever stands behind it: it takes the text and is not to be replaced.
            with target.open("ab") as stream:
                stream.write(content)
        else:
            _replace(target.resolve(), content)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def _replace(target: Path, content: bytes) -> None:
    """Puts a new file in the place of the old one, whose mode it keeps; a wholly new one is for its owner only."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        if target.exists():
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
