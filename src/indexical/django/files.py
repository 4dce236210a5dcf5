"""Project files read and written: encodings and newlines kept, all or nothing, never over somebody else's change.

Each file is written beside its target and renamed over it, which POSIX makes atomic
(https://pubs.opengroup.org/onlinepubs/9799919799/functions/rename.html).
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import stat
import tempfile
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indexical.errors import FileRefused
from indexical.model import Applied, Change, Instruction, Outcome, Skipping, SourceEdit

_NEW_FILE_MODE = 0o666


def read_source(path: Path) -> str:
    """A Python file's text, newlines as they are. Raises :class:`FileRefused` when it cannot be read as one."""
    text, _ = _read(path)
    return text


def write(changes: Sequence[Change]) -> tuple[Outcome, ...]:
    """Write every source edit, or none: a failure puts back what had been written.

    Raises :class:`FileRefused` when a file has changed since the edits were made from it, or cannot be written. What is not
    a source edit is skipped with its own text as the reason; so is an edit that the file has already.
    """
    pending = [_prepared(change) for change in changes if isinstance(change, SourceEdit)]
    _write_all([one for one in pending if one is not None])
    written = {one.edit.id for one in pending if one is not None}
    return tuple(_outcome(change, written) for change in changes)


def diff(changes: Sequence[Change]) -> str:
    """The source edits as one unified diff, paths relative to the working directory where they are below it."""
    pieces: list[str] = []
    for change in changes:
        if isinstance(change, SourceEdit):
            name = _shown(Path(change.path))
            old = "/dev/null" if change.creates else f"a/{name}"
            lines = difflib.unified_diff(
                _lines(change.before), _lines(change.after), fromfile=old, tofile=f"b/{name}"
            )
            pieces.extend(
                line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
            )
    return "".join(pieces)


@dataclass(frozen=True, slots=True)
class _Pending:
    edit: SourceEdit
    path: Path
    new: bytes
    old: bytes | None
    """What the file holds now; None when there is none."""
    mode: int


def _read(path: Path) -> tuple[str, str]:
    try:
        raw = path.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return raw.decode(encoding), encoding
    except OSError as error:
        raise FileRefused(
            f"{path} cannot be read: {error.strerror or error}; check the path and its rights"
        ) from None
    except (SyntaxError, UnicodeDecodeError, LookupError):
        raise FileRefused(
            f"{path} is not Python source in the encoding it declares; save it as UTF-8"
        ) from None


def _prepared(edit: SourceEdit) -> _Pending | None:
    """What is to be written; None when the file holds it already."""
    path = Path(edit.path).resolve()
    if not path.exists():
        if not edit.creates:
            raise FileRefused(f"{path} has gone since the edits were made; make them again")
        if not path.parent.is_dir():
            raise FileRefused(f"the folder {path.parent} is not there; make it, then write again")
        return _Pending(edit, path, edit.after.encode("utf-8"), None, _NEW_FILE_MODE & ~_umask())
    text, encoding = _read(path)
    if text == edit.after:
        return None
    if edit.creates or text != edit.before:
        raise FileRefused(
            f"{path} has changed since the edits were made from it; make them again, nothing was written"
        )
    try:
        new = edit.after.encode(encoding)
    except UnicodeEncodeError:
        raise FileRefused(
            f"{path} cannot hold the edit in its encoding {encoding}; save it as UTF-8"
        ) from None
    return _Pending(edit, path, new, path.read_bytes(), stat.S_IMODE(path.stat().st_mode))


def _write_all(pending: Sequence[_Pending]) -> None:
    staged: list[tuple[_Pending, str]] = []
    done: list[_Pending] = []
    try:
        for one in pending:
            staged.append((one, _stage(one.path, one.new, one.mode)))
        for one, temporary in staged:
            os.replace(temporary, one.path)
            done.append(one)
    except OSError as error:
        lost = _put_back(done)
        name = error.filename2 or error.filename or "a file"
        tail = f"; these could not be put back: {', '.join(lost)}" if lost else ", nothing was written"
        raise FileRefused(f"{name} cannot be written: {error.strerror or error}{tail}") from None
    except BaseException:
        _put_back(done)
        raise
    finally:
        for _, temporary in staged:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def _put_back(done: Sequence[_Pending]) -> list[str]:
    lost = []
    for one in reversed(done):
        try:
            if one.old is None:
                one.path.unlink()
            else:
                os.replace(_stage(one.path, one.old, one.mode), one.path)
        except OSError:
            lost.append(str(one.path))
    return lost


def _stage(path: Path, content: bytes, mode: int) -> str:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary


def _outcome(change: Change, written: set[str]) -> Outcome:
    if isinstance(change, SourceEdit):
        if change.id in written:
            return Applied(change.id, change.describe())
        return Skipping(change.id, change.describe(), "the file holds it already")
    if isinstance(change, Instruction):
        return Skipping(change.id, change.subject, change.text)
    return Skipping(change.id, change.describe(), "only files are written here; apply runs statements")


def _lines(text: str) -> list[str]:
    # Not splitlines(): it also cuts at form feeds and other characters that end no line of a file.
    return io.StringIO(text, newline="\n").readlines()


def _shown(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    return path.as_posix().lstrip("/")


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
