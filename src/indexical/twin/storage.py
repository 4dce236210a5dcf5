"""The files of the twin's relations: long as production's, and empty.

The planner trusts the length of a relation's file. A file is extended without writing to it, so no disk is used; pages of
zeros are valid. Files are segments of 1 GiB (https://www.postgresql.org/docs/18/storage-file-layout.html).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from indexical.errors import EngineFailed
from indexical.twin import skeleton
from indexical.twin.engine import Engine

_SEGMENT_PAGES = 131072


def extend(path: Path, pages: int, engine: Engine) -> None:
    """Makes a relation's main fork exactly this many pages long; it must not be longer yet."""
    try:
        for number in range(max(0, pages - 1) // _SEGMENT_PAGES + 1):
            segment = path if number == 0 else path.with_name(f"{path.name}.{number}")
            length = min(pages - number * _SEGMENT_PAGES, _SEGMENT_PAGES) * skeleton.PAGE
            fresh = not segment.exists()
            with segment.open("ab") as file:
                file.truncate(length)
            if fresh and engine.user:
                os.chown(segment, engine.uid, engine.gid)
                segment.chmod(0o600)
    except OSError as error:
        raise EngineFailed(f"a file of the planner twin could not be written: {error.strerror}") from None


def build_tree(path: Path, pages: int, height: int, engine: Engine) -> None:
    """Turns the file of an empty B-tree into a skeleton of this height and length.

    The server must not have any of it in memory yet.
    """
    needed = height + 2
    try:
        with path.open("r+b") as file:
            metapage = file.read(skeleton.PAGE)
            if not skeleton.is_metapage(metapage):
                raise EngineFailed(
                    "the planner twin's engine writes B-trees in a form that is not known here"
                )
            file.seek(0)
            file.write(skeleton.pages(metapage, height))
    except OSError as error:
        raise EngineFailed(f"a file of the planner twin could not be written: {error.strerror}") from None
    extend(path, max(pages, needed), engine)


def begin(path: Path, first: bytes, pages: int, engine: Engine) -> None:
    """Makes a new file with this first page, so long."""
    extend(path, max(pages, 1), engine)
    try:
        with path.open("r+b") as file:
            file.write(first)
    except OSError as error:
        raise EngineFailed(f"a file of the planner twin could not be written: {error.strerror}") from None


_NOT_COPIED = frozenset({"postmaster.pid", "postmaster.opts"})


def copy_sparsely(source: Path, target: Path, engine: Engine) -> None:
    """Copies a data directory; what has never been written takes no room in the copy either."""
    try:
        _copy_folder(source, target, engine)
    except OSError as error:
        raise EngineFailed(f"the planner twin could not be copied: {error.strerror}") from None


def _copy_folder(source: Path, target: Path, engine: Engine) -> None:
    target.mkdir(mode=0o700)
    _own(target, engine)
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.name in _NOT_COPIED:
                continue
            place = target / entry.name
            if entry.is_symlink():
                place.symlink_to(os.readlink(entry.path))
            elif entry.is_dir():
                _copy_folder(Path(entry.path), place, engine)
            elif entry.is_file():
                _copy_file(entry.path, place, engine)


def _copy_file(source: str, target: Path, engine: Engine) -> None:
    read = os.open(source, os.O_RDONLY)
    try:
        size = os.fstat(read).st_size
        write = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        try:
            position = 0
            while position < size:
                try:
                    start = os.lseek(read, position, os.SEEK_DATA)
                except OSError:
                    # Nothing but a hole is left.
                    break
                end = os.lseek(read, start, os.SEEK_HOLE)
                while start < end:
                    piece = os.pread(read, min(1 << 20, end - start), start)
                    if not piece:
                        break
                    os.pwrite(write, piece, start)
                    start += len(piece)
                position = end
            os.ftruncate(write, size)
            if engine.user:
                os.fchown(write, engine.uid, engine.gid)
        finally:
            os.close(write)
    finally:
        os.close(read)


def _own(path: Path, engine: Engine) -> None:
    if engine.user:
        os.chown(path, engine.uid, engine.gid)
