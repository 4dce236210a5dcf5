"""The look-out beside a build: how far it is, and whether it now harms somebody and has to be given up.

A lock request that queues behind a concurrent build, such as ALTER TABLE's, stops every reader of the table while it waits.
The look-out then cancels the build, which is ours; it never touches another session.
"""

from __future__ import annotations

from indexical.apply.progress import progress
from indexical.pg.queries import load
from indexical.pg.session import Session


class Watch:
    """Watches one backend of ours through another session."""

    def __init__(self, session: Session, pid: int, table_oid: int) -> None:
        self._session = session
        self._pid = pid
        self._table_oid = table_oid
        self.index_oid = 0
        """Of the index being built, once the progress report has named it."""
        self.share = 0.0
        self.detail = ""

    def look(self) -> str:
        """Refreshes ``share`` and ``detail``; returns why the build has to be cancelled, or nothing.

        Raises :class:`DatabaseError`.
        """
        for row in self._session.rows(load("apply_progress"), {"pid": self._pid}):
            share, self.detail = progress(row)
            self.share = max(self.share, share)
            self.index_oid = row["index_oid"] or self.index_oid
        waiters = self._session.rows(load("apply_waiters"), {"pid": self._pid, "table": self._table_oid})
        if not waiters:
            return ""
        first = waiters[0]
        return (
            f"it was given up because pid {first['pid']} (role {first['role'] or 'unknown'}) waited behind it for a lock "
            "that stops everybody else"
        )
