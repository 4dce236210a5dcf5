"""Changing the indexes of a running database without blocking its writers.

Every statement runs alone, concurrently and in autocommit, creates before drops, one operation per database at a time.
What became of each is read from the catalog. See "Building Indexes Concurrently" in PostgreSQL's documentation
(https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from indexical.apply.creation import create
from indexical.apply.journal import Journal, identity
from indexical.apply.leftover import subject
from indexical.apply.removal import drop
from indexical.apply.run import Site, answers, reopen
from indexical.apply.statements import create_statement, drop_statement, statements_for
from indexical.apply.turn import turn
from indexical.apply.wording import wording
from indexical.errors import DatabaseError
from indexical.model import DdlStatement, Failed, Outcome, Skipping
from indexical.pg.session import Session

__all__ = ["apply_sql", "create_statement", "drop_statement", "statements_for"]

OnEvent = Callable[[str, float, str], None]


def apply_sql(
    open_session: Callable[[], Session],
    statements: Sequence[DdlStatement],
    *,
    lock_wait_ms: int = 2000,
    wait_budget_s: float = 900.0,
    turn_wait_s: float = 30.0,
    journal: Path | None = None,
    on_event: OnEvent | None = None,
) -> tuple[Outcome, ...]:
    """Runs the statements and tells what became of each, in the order in which they ran.

    ``open_session`` opens a new writing session to the database itself, no pooler between. ``lock_wait_ms`` is how long a
    build waits for its first lock, ``wait_budget_s`` how long for any single transaction of others once it has begun, and
    ``turn_wait_s`` how long for another run on the same database. ``journal`` is a new file that gets a line before and after
    each statement.

    A failed statement is an outcome, not an error, and the drops that were to follow it on its table are skipped. An
    interrupt cancels what runs on the server, removes what it left, and is raised again. Raises
    :class:`PreflightRefused` when another run has the database, :class:`ConnectionFailed` when it cannot be reached, and
    :class:`FileRefused` when the journal cannot be written.
    """
    ordered = sorted(statements, key=lambda statement: statement.action == "drop")
    run = secrets.token_hex(4)
    outcomes: list[Outcome] = []
    monitor = open_session()
    with ExitStack() as stack:
        record: Journal | None = None
        while True:
            try:
                with monitor, turn(monitor, wait_s=turn_wait_s):
                    if journal is not None and record is None:
                        record = stack.enter_context(Journal(journal, run, identity(monitor)))
                    # A server that has restarted in between took the turn with it: then it is taken anew.
                    while len(outcomes) < len(ordered) and answers(monitor):
                        statement = ordered[len(outcomes)]
                        report = _reporter(on_event, statement, len(outcomes), len(ordered))
                        site = Site(open_session, monitor, report, lock_wait_ms, wait_budget_s, run)
                        outcomes.append(_journalled(site, statement, outcomes, ordered, record))
                if len(outcomes) == len(ordered):
                    return tuple(outcomes)
                monitor = reopen(open_session)
            except DatabaseError:
                # What has been done has to be told, so the turn that could not be had again is an outcome, not an error.
                if not outcomes:
                    raise
                lost = ordered[len(outcomes) :]
                return (*outcomes, *(_not_run(statement) for statement in lost))


def _not_run(statement: DdlStatement) -> Failed:
    return Failed(
        statement.id, statement.summary, "the server was lost before it was begun", "run this again"
    )


def _journalled(
    site: Site,
    statement: DdlStatement,
    outcomes: Sequence[Outcome],
    ordered: Sequence[DdlStatement],
    journal: Journal | None,
) -> Outcome:
    if journal is not None:
        journal.record(statement.id, "before", sql=statement.sql, undo=statement.undo)
    try:
        outcome = _step(site, statement, outcomes, ordered)
    except BaseException as error:
        # Whatever ended it, the journal says so before the error goes on its way.
        if journal is not None:
            journal.record(statement.id, "interrupted", by=type(error).__name__)
        raise
    if journal is not None:
        journal.record(statement.id, "after", outcome=type(outcome).__name__.lower(), **asdict(outcome))
    return outcome


def _step(
    site: Site, statement: DdlStatement, outcomes: Sequence[Outcome], ordered: Sequence[DdlStatement]
) -> Outcome:
    site.report(0.0, "begins")
    try:
        if statement.action != "drop":
            return create(site, statement)
        missing = _failed_before(statement, outcomes, ordered)
        if missing:
            return Skipping(
                statement.id,
                statement.summary,
                f"{missing} was not built, and this index may be needed without it",
            )
        return drop(site, statement)
    except DatabaseError as error:
        words, remedy = wording(error)
        if statement.index is None:
            words, remedy = str(error), ""
        return Failed(statement.id, statement.summary, f"{words}; what is left could not be read", remedy)


def _failed_before(
    statement: DdlStatement, outcomes: Sequence[Outcome], ordered: Sequence[DdlStatement]
) -> str:
    """The first index that was to be created on the statement's table and could not be."""
    _, index = subject(statement)
    failed = {outcome.id for outcome in outcomes if isinstance(outcome, Failed)}
    for other in ordered:
        here = other.index is not None and other.index.qualified_table == index.qualified_table
        if here and other.action != "drop" and other.id in failed:
            return other.name
    return ""


def _reporter(
    on_event: OnEvent | None, statement: DdlStatement, number: int, count: int
) -> Callable[[float, str], None]:
    def report(share: float, detail: str) -> None:
        if on_event is not None:
            on_event(
                "apply", (number + max(0.0, share)) / count, f"{statement.name or statement.id}: {detail}"
            )

    return report
