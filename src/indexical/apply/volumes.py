"""How much room is left on a disk of the server, where that can be known at all.

PostgreSQL tells nobody how full its disks are, so they are asked of the operating system, and only when the server provably
runs here: the process that serves our session has to be there under its number, in its own words. A tunnel or a container
looks like a server on this machine and is not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from indexical.pg.queries import load
from indexical.pg.session import Session

HIDDEN = "role may not see data_directory"


@dataclass(frozen=True, slots=True)
class Room:
    """Free space on a disk."""

    free: int | None = None
    """Bytes that the server may still write; None when that is not known."""
    why: str = "it was not asked for"
    """Why it is not known."""
    device: int = 0
    """Two rooms with the same number are one."""


def room_at(session: Session, path: str) -> Room:
    """The room on the disk that holds this folder of the server's.

    ``path`` is empty when the server did not tell it. Raises :class:`DatabaseError`.
    """
    if not path:
        return Room(None, HIDDEN)
    if not serves_from_here(session):
        return Room(None, "the server does not run on this machine")
    try:
        found = os.statvfs(path)
        return Room(found.f_bavail * found.f_frsize, "", os.stat(path).st_dev)
    except OSError as error:
        return Room(None, f"this user may not look into its folder ({error.strerror})")


def serves_from_here(session: Session) -> bool:
    """Whether the process that serves the session is one of this machine's."""
    row = session.rows(load("apply_server"))[0]
    try:
        title = Path(f"/proc/{row['backend_pid']}/cmdline").read_bytes()
    except OSError:
        return False
    return title.startswith(b"postgres: ") and f" {row['database']} ".encode() in title
