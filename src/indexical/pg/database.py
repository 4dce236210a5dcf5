"""The database itself and the time since which its counters count, as far as our role may know."""

from __future__ import annotations

from typing import Any

from indexical.pg.queries import load
from indexical.pg.session import Session


def database_row(session: Session) -> dict[str, Any]:
    """The one row of ``queries/database.sql``. Raises :class:`DatabaseError`.

    When the server was promoted is asked by itself: a statement that names a function which our role may not call is refused
    whole, whether it would come to the call or not.
    """
    asked = session.rows(load("promotion"))[0]["can_be_asked"]
    promoted = session.rows(load("promoted"))[0]["promoted"] if asked else None
    return session.rows(load("database"), {"promoted": promoted})[0]
