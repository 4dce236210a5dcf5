"""Whether an index holds what its table holds, by amcheck (https://www.postgresql.org/docs/18/amcheck.html).

``bt_index_check`` with ``heapallindexed`` reads the whole index and then the whole table, under a lock that hinders neither
reading nor writing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from indexical.ddl import qualified
from indexical.errors import ConnectionFailed, DatabaseError, RightMissing
from indexical.pg.queries import load
from indexical.pg.session import Session

PATIENCE_MS = 600_000
"""How long one index may be read."""
_CORRUPT = ("XX001", "XX002")
_CANCELLED = "57014"


@dataclass(frozen=True, slots=True)
class Structure:
    verdict: Literal["sound", "corrupt", "not-measured"]
    reason: str
    sqlstate: str = ""


def check_structure(session: Session, oid: int, *, patience_ms: int = PATIENCE_MS) -> Structure:
    """The verdict on one index; ``not-measured`` says why. Raises :class:`ConnectionFailed`."""
    with session.closed_path():
        return _checked(session, oid, patience_ms)


def _checked(session: Session, oid: int, patience_ms: int) -> Structure:
    rows = session.rows(load("verify_amcheck"), {"oid": oid})
    if not rows:
        return Structure("not-measured", "the index is gone")
    method, schema, allowed = rows[0]["method"], rows[0]["schema"], rows[0]["allowed"]
    if schema is None:
        return Structure("not-measured", "amcheck is not in this database; run: CREATE EXTENSION amcheck")
    if method != "btree":
        return Structure("not-measured", f"amcheck does not compare a {method} index with its table")
    if not allowed:
        return Structure(
            "not-measured", "our role may not call bt_index_check of amcheck; grant EXECUTE on it"
        )
    call = f"SELECT {qualified(schema, 'bt_index_check')}(%s::oid::regclass, true)"
    try:
        with session.transaction(roll_back=True):
            session.set("statement_timeout", f"{patience_ms}ms", local=True)
            session.rows(call, (oid,))
    except ConnectionFailed:
        raise
    except RightMissing as error:
        return Structure("not-measured", "our role may not call bt_index_check of amcheck", error.code)
    except DatabaseError as error:
        if error.code in _CORRUPT:
            return Structure(
                "corrupt", "amcheck found that it does not hold what its table holds", error.code
            )
        if error.code == _CANCELLED:
            return Structure(
                "not-measured", f"amcheck did not end within {patience_ms / 1000:.0f} s", error.code
            )
        return Structure("not-measured", f"amcheck could not look (SQLSTATE {error.code})", error.code)
    return Structure("sound", "amcheck found all rows of the table in it")
