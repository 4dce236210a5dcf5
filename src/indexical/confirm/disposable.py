"""The mark of a database that may be spoilt, without which nothing is built or executed.

The mark is made on the database itself, so that it travels with no URL and cannot be set by the one who connects:
``ALTER DATABASE name SET indexical.disposable = on``, or a comment that begins with ``indexical: disposable``
(https://www.postgresql.org/docs/18/sql-alterdatabase.html, https://www.postgresql.org/docs/18/sql-comment.html).
"""

from __future__ import annotations

from indexical import ddl
from indexical.errors import InputError
from indexical.pg.queries import load
from indexical.pg.session import Session

COMMENT = "indexical: disposable"
_LOCK = 0x1DE81CA1


def require_disposable(
    session: Session, because: str = "confirming builds indexes and executes statements in it"
) -> str:
    """The database's name. Raises :class:`InputError` when it does not bear the mark; ``because`` says what it is needed for."""
    (row,) = session.rows(load("disposable"))
    name = str(row["name"])
    if row["marked"] or str(row["comment"]).lower().startswith(COMMENT):
        return name
    raise InputError(
        f"the database {name} is not marked as disposable, and {because};"
        f" mark a copy of your data, never production: ALTER DATABASE {ddl.quote(name)} SET indexical.disposable = on"
    )


def take_turn(session: Session, name: str) -> None:
    """One confirmation at a time, until the session ends. Raises :class:`InputError` when another one is under way."""
    (row,) = session.rows("SELECT pg_catalog.pg_try_advisory_lock(%s) AS mine", (_LOCK,))
    if not row["mine"]:
        raise InputError(f"another confirmation is under way in the database {name}; wait until it has ended")
