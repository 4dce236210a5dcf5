"""The look before the leap: everything that would make a concurrent build fail, wait, or harm, found before it begins."""

from __future__ import annotations

from collections.abc import Sequence

from indexical.apply import facts as facts_of
from indexical.apply.checks import CHECKS, Task
from indexical.apply.facts import Facts
from indexical.apply.findings import Finding, refuse
from indexical.model import ExistingIndex, Index
from indexical.pg.session import Session

__all__ = ["Finding", "check", "examine", "refuse"]


def check(
    session: Session,
    builds: Sequence[tuple[str, Index]],
    drops: Sequence[ExistingIndex] = (),
    *,
    snapshot_seconds: float = 60.0,
) -> tuple[Finding, ...]:
    """Findings about building the named indexes and dropping the given ones, on this database, now.

    Reads only. ``snapshot_seconds`` is the age from which another session's open transaction is an obstacle. Give the
    result to :func:`refuse`. Raises :class:`DatabaseError`.
    """
    task = Task(tuple(builds), tuple(drops), snapshot_seconds=snapshot_seconds)
    return examine(task, facts_of.read(session, builds, drops, snapshot_seconds=snapshot_seconds))


def examine(task: Task, facts: Facts) -> tuple[Finding, ...]:
    """The findings that follow from the facts; pure."""
    return tuple(finding for each in CHECKS for finding in each(task, facts))
