"""``advise --confirm``: the advice, really built and executed on a disposable database that holds the data.

A stage beside :mod:`indexical.advise`: advice goes in, and advice with its :class:`Confirmation` comes out, without what does
not pay. The database has to bear the mark of :mod:`indexical.confirm.disposable`, and is left as it was found but for
statistics: what was built is taken away again, also after an interruption, unless it is to be kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from indexical.confirm import building
from indexical.confirm.building import Built
from indexical.confirm.disposable import require_disposable, take_turn
from indexical.confirm.judging import Judging, OnEvent
from indexical.confirm.trials import Effort
from indexical.confirm.verdicts import take_back
from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Advice, Workload
from indexical.model.confirmation import NOT_CONFIRMED, Confirmation
from indexical.pg.session import Session, connect

__all__ = ["Effort", "check_mark", "confirm"]

_NOT_OF_A_SESSION = frozenset(
    {"lc_collate", "lc_ctype", "locale", "locale_provider", "encoding", "shared_buffers", "server_version"}
)


def check_mark(url: str) -> None:
    """Raises :class:`indexical.errors.InputError` when the database is not marked as disposable: to know before advising."""
    with connect(url) as session:
        require_disposable(session)


def confirm(
    url: str,
    workload: Workload,
    advice: Advice,
    *,
    effort: Effort | None = None,
    keep: bool = False,
    on_event: OnEvent | None = None,
) -> Advice:
    """The advice with what building and executing it said, and without the indexes that do not pay.

    Planner settings of the advised database hold for the session. With ``keep`` the confirmed indexes stay.
    Raises :class:`indexical.errors.InputError` when the database is not marked as disposable or another confirmation is under
    way in it, and :class:`ConnectionFailed`.
    """
    begun = time.monotonic()
    tell = on_event or (lambda stage, share, detail: None)
    effort = effort or Effort()
    with connect(
        url, read_only=False, lock_timeout_ms=30_000, application_name="indexical confirm"
    ) as session:
        database = require_disposable(session)
        take_turn(session, database)
        _adopt(session, advice.settings)
        kept: list[Built] = []
        built: list[Built] = []
        try:
            building.sweep(session)
            building.build(session, advice.create, built, tell)
            building.refresh(session, built, effort.timeout_ms)
            found = Judging(session, workload, advice, built, effort, tell).judged()
            rejected = {each.name for each in found.indexes if each.verdict == NOT_CONFIRMED}
            if keep:
                kept = [each for each in built if each.name and each.recommendation.name not in rejected]
        finally:
            session.close()
            building.remove(url, built, kept)
    confirmation = Confirmation(
        database=database,
        server_version=found.server,
        indexes=found.indexes,
        statements=found.statements,
        not_executed=len(advice.statements) - len(found.statements),
        kept=bool(kept),
        milliseconds=round((time.monotonic() - begun) * 1000, 1),
    )
    reasons = {each.name: each.reason for each in found.indexes if each.verdict == NOT_CONFIRMED}
    return replace(take_back(advice, reasons, found.disliked), confirmation=confirmation)


def _adopt(session: Session, settings: Iterable[tuple[str, str]]) -> None:
    """The planner settings of the advised database; those that only a server can have stay as they are."""
    for name, value in settings:
        if name in _NOT_OF_A_SESSION:
            continue
        try:
            session.set(name, value)
        except ConnectionFailed:
            raise
        except DatabaseError:
            continue
