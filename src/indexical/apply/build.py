"""Changing the indexes of a running database without blocking its writers.

Every statement runs alone, concurrently and in autocommit, creates before drops, one operation per database at a time.
What became of each is read from the catalog. See "Building Indexes Concurrently" in PostgreSQL's documentation
(https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from indexical import __version__
from indexical.apply.course import Course, OnEvent, Patience
from indexical.apply.journal import Journal, identity, new_run
from indexical.apply.run import Site
from indexical.apply.statements import create_statement, drop_statement, statements_for
from indexical.model import BackupEvidence, DdlStatement, Outcome
from indexical.pg.session import Session

__all__ = ["apply_sql", "create_statement", "drop_statement", "statements_for"]


def apply_sql(
    open_session: Callable[[], Session],
    statements: Sequence[DdlStatement],
    *,
    lock_wait_ms: int = 2000,
    wait_budget_s: float = 900.0,
    turn_wait_s: float = 30.0,
    answer_within_s: float = 60.0,
    back_within_s: float = 30.0,
    cleanup_wait_s: float = 10.0,
    journal: Path | None = None,
    run: str = "",
    verb: str = "apply",
    undoes: str = "",
    backup: BackupEvidence | None = None,
    notes: Sequence[tuple[str, dict[str, object]]] = (),
    own_way: Callable[[Site, DdlStatement], Outcome | None] | None = None,
    on_event: OnEvent | None = None,
) -> tuple[Outcome, ...]:
    """Runs the statements and tells what became of each, in the order in which they ran.

    ``open_session`` opens a new writing session to the database itself, no pooler between. ``lock_wait_ms`` is how long a
    build waits for its first lock, ``wait_budget_s`` how long for any single transaction of others once it has begun,
    ``turn_wait_s`` how long for another run on the same database, ``answer_within_s`` how long for an answer of a server that
    says nothing, ``back_within_s`` how long for one that is coming back, and ``cleanup_wait_s`` how long for whoever keeps us
    from removing what a build has left. ``journal`` is a new file that gets a line before and after each statement, first of all
    the whole plan, ``backup`` and ``notes``; ``run`` is the id of the run and ``undoes`` the id of one that it takes back.
    ``own_way`` carries out a statement that needs more than itself, and gives None for the others.

    A failed statement is an outcome, not an error, and the drops that were to follow it on its table are skipped. An
    interrupt cancels what runs on the server, removes what it left, and is raised again. Raises :class:`TurnTaken` when
    another run has the database, :class:`ConnectionFailed` when it cannot be reached, and :class:`FileRefused` when the
    journal cannot be written.
    """
    ordered = tuple(sorted(statements, key=lambda statement: statement.action == "drop"))
    patience = Patience(
        lock_wait_ms, wait_budget_s, turn_wait_s, answer_within_s, back_within_s, cleanup_wait_s
    )
    course = Course(open_session, ordered, run or new_run(), patience, on_event)
    course.own_way = own_way

    def begin(monitor: Session) -> None:
        course.target = identity(monitor)
        if journal is None:
            return
        written = Journal.begin(
            journal,
            course.run,
            course.target,
            ordered,
            verb=verb,
            server_version=monitor.server_version_text,
            tool_version=__version__,
            undoes=undoes,
        )
        course.keep(written)
        if backup is not None:
            written.backed_up(backup)
        for event, details in notes:
            written.record("run", event, **details)

    with course:
        return course.follow(begin)
