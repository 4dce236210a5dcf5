"""The files of the twin's relations: long as production's, and empty.

The planner trusts the length of a relation's file. A file is extended without writing to it, so no disk is used; pages of
zeros are valid. Files are segments of 1 GiB (https://www.postgresql.org/docs/18/storage-file-layout.html).
"""

from __future__ import annotations

import os
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
