"""How a migration operation fails: one line that says what happened, to what, and what to do next."""

from __future__ import annotations

from django.core.management import CommandError
from django.db import Error


class IndexFailed(CommandError):
    """An index that could not be built or dropped. ``code`` is stable; ``sqlstate`` is PostgreSQL's, if any."""

    def __init__(self, text: str, *, code: str, sqlstate: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.sqlstate = sqlstate


def sqlstate_of(error: BaseException) -> str:
    """psycopg 3 calls it ``sqlstate``, psycopg 2 ``pgcode``; a connection that could not be made has none."""
    cause = error.__cause__
    return str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")


def words_for(error: Error, *, lost: bool) -> tuple[str, str, str]:
    """The stable code, what happened, and what to do next; ``lost`` when the session went with it."""
    # Loaded only now: a migration that succeeds has no need of it.
    from indexical.apply.wording import code, wording
    from indexical.errors import ConnectionFailed, DatabaseError

    state = sqlstate_of(error)
    ours = (ConnectionFailed if lost and not state else DatabaseError)("", code=state)
    words, remedy = wording(ours)
    return code(ours), words, remedy.replace("run this again", "run migrate again")
