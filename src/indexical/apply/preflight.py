"""The look before the leap: everything that would make a concurrent build fail, wait, or harm, found before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Literal

from indexical.apply import facts as facts_of
from indexical.apply.checks import CHECKS, Task
from indexical.apply.facts import Facts
from indexical.apply.findings import Finding, refuse
from indexical.model import ExistingIndex, Index, MadeFor
from indexical.pg.session import Session

__all__ = ["Finding", "check", "examine", "refuse"]


def check(
    session: Session,
    builds: Sequence[tuple[str, Index]],
    drops: Sequence[ExistingIndex] = (),
    *,
    snapshot_seconds: float = 60.0,
    made_for: Mapping[str, MadeFor] | None = None,
    replicas: Sequence[Session] = (),
    superuser: Literal["allow", "warn", "refuse"] = "warn",
    lag_bytes: int = 256 * 1024**2,
) -> tuple[Finding, ...]:
    """Findings about building the named indexes and dropping the given ones, on this database, now.

    Reads only, in transactions that cannot write. ``snapshot_seconds`` is the age from which another session's open transaction
    is an obstacle; ``made_for`` tells by the name of a build which table it was advised for; ``replicas`` are sessions to
    standbys, whose queries a drop could end; ``superuser`` is what is said of a role that is one; ``lag_bytes`` is how far a
    standby may be behind. Give the result to :func:`refuse`. Raises :class:`DatabaseError`.
    """
    advised = tuple(sorted((made_for or {}).items()))
    task = Task(
        tuple(builds), tuple(drops), snapshot_seconds=snapshot_seconds, made_for=advised, superuser=superuser,
        lag_bytes=lag_bytes,
    )  # fmt: skip
    with ExitStack() as closed:
        for each in (session, *replicas):
            closed.enter_context(each.closed_path())
        facts = facts_of.read(
            session, builds, drops, snapshot_seconds=snapshot_seconds, made_for=made_for, replicas=replicas
        )
    return examine(task, facts)


def examine(task: Task, facts: Facts) -> tuple[Finding, ...]:
    """The findings that follow from the facts; pure."""
    return tuple(finding for each in CHECKS for finding in each(task, facts))
