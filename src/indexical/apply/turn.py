"""One index operation per database at a time, by an advisory lock that is tried and never waited for.

Two concurrent builds on one table deadlock, and so does a build with a session that waits for its advisory lock; a
session that only tries holds no snapshot between its tries.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from indexical.errors import DatabaseError, TurnTaken
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.turns import FAMILY, NUMBER

_KEY = {"family": FAMILY, "number": NUMBER}


@contextmanager
def turn(session: Session, *, wait_s: float, pause_s: float = 0.25) -> Iterator[None]:
    """Holds this database's turn on the given session, which must be direct and stay open.

    Raises :class:`TurnTaken` when another run still has it after ``wait_s`` seconds.
    """
    deadline = time.monotonic() + wait_s
    while not session.rows(load("apply_turn"), _KEY)[0]["mine"]:
        if time.monotonic() >= deadline:
            raise TurnTaken(
                "nothing was changed: another run of Indexical changes indexes of this database; "
                "wait for it to end, then run this again"
            )
        time.sleep(pause_s)
    try:
        yield
    finally:
        # The lock ends with the session in any case; a session that is lost has given it back already.
        with suppress(DatabaseError):
            session.rows(load("apply_end_turn"), _KEY)
