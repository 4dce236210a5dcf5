"""Which server and database answers: asked before and after each statement, and before a run is taken up again.

A failover in the middle leaves our connection on the old server, which says that all is well while the new one has an invalid
index. Both have the same system identifier; the timeline tells them apart
(https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-TIMELINES).
"""

from __future__ import annotations

from typing import Literal

from indexical.errors import DatabaseError
from indexical.model.run import TargetIdentity
from indexical.pg.queries import load
from indexical.pg.session import Session

Differs = Literal["", "cluster", "database", "timeline"]


def identity(session: Session) -> TargetIdentity:
    """What the server says it is; a role that may not read a part of it gets the rest.

    Raises :class:`DatabaseError`.
    """
    with session.closed_path():
        row = session.rows(load("apply_server"))[0]
        cluster = _allowed(session, "apply_identity").get("system_identifier", "")
        place = _allowed(session, "apply_place")
    return TargetIdentity(
        system_identifier=cluster,
        database_oid=row["database_oid"],
        database=row["database"],
        timeline=int(place.get("timeline") or "0", 16),
        address=place.get("address", ""),
    )


def _allowed(session: Session, query: str) -> dict[str, str]:
    try:
        return session.rows(load(query))[0]
    except DatabaseError as error:
        if error.code != "42501":
            raise
        return {}


def difference(begun_on: TargetIdentity, here: TargetIdentity) -> Differs:
    """In what the two differ, or nothing. What one of them does not know does not count.

    The address is told but never decides: one server has several.
    """
    if begun_on.system_identifier and here.system_identifier:
        if begun_on.system_identifier != here.system_identifier:
            return "cluster"
    elif begun_on.address != here.address:
        # Without the cluster's number the address is all there is.
        return "cluster"
    if (begun_on.database_oid, begun_on.database) != (here.database_oid, here.database):
        return "database"
    if begun_on.timeline and here.timeline and begun_on.timeline != here.timeline:
        return "timeline"
    return ""


def named(target: TargetIdentity) -> str:
    """The target for people."""
    parts = [f"database {target.database}"]
    if target.system_identifier:
        parts.append(f"cluster {target.system_identifier}")
    if target.timeline:
        parts.append(f"timeline {target.timeline}")
    if target.address:
        parts.append(f"at {target.address}")
    return ", ".join(parts)
