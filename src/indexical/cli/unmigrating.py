"""``rollback`` of a run that applied migrations: back through Django, which keeps account of them, in a journal of its own.

Django builds again what its models say, so what an index had beyond that, such as a comment or a tablespace, is given back
from the record afterwards, and what cannot be given back is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from indexical import __version__
from indexical.apply.index_record import read_record
from indexical.apply.journal import Journal, identity
from indexical.apply.leftover import find
from indexical.apply.run import Site
from indexical.apply.undo import Undo
from indexical.cli.door import Door, Project
from indexical.cli.progress import OnEvent
from indexical.errors import FileRefused, InputError, NotHeld
from indexical.model import Applied, DdlStatement, Failed, Outcome, Skipping
from indexical.pg.session import Session, connect


def back_through_migrations(
    door: Door, undo: Undo, run: str, path: Path, on_event: OnEvent | None
) -> tuple[Outcome, ...]:
    """Takes the migrations of the run back, one after the other; the first that fails ends it.

    Raises :class:`InputError` and :class:`indexical.errors.ProjectRefused` before anything is changed.
    """
    project = _project(door, undo)
    migrations = _whole_migrations(undo)
    order = project.check_back(migrations)
    with connect(project.url(), read_only=False) as session:
        session.close_path()
        target, version = identity(session), session.server_version_text
        with Journal.begin(
            path, run, target, undo.statements, verb="rollback", server_version=version, tool_version=__version__,
            undoes=undo.record.run,
        ) as journal:  # fmt: skip
            back = _Back(project, session, journal, undo, run)
            outcomes: list[Outcome] = []
            for migration in (each for each in migrations if each not in order):
                outcomes += back.not_there(migration)
            for done, migration in enumerate(order):
                if on_event is not None:
                    on_event("migrations", done / len(order), f"back over {migration}")
                outcomes += back.over(migration)
                if any(
                    isinstance(outcome, Failed) and outcome.code != "NOT_AS_BEFORE" for outcome in outcomes
                ):
                    break
            failed = any(isinstance(outcome, Failed) for outcome in outcomes)
            journal.record("run", "end", result="failed" if failed else "done")
            return tuple(outcomes)


def _project(door: Door, undo: Undo) -> Project:
    if door.project is None:
        raise InputError(
            f"the run {undo.record.run} applied migrations, and Django keeps account of those; take it back with: "
            "manage.py indexes rollback"
        )
    return door.project


def _whole_migrations(undo: Undo) -> tuple[str, ...]:
    """The migrations to go back over. A migration goes back whole, so none of its steps may have to stay."""
    migrations = tuple(dict.fromkeys(each.migration for each in undo.statements if each.migration))
    asked = {each.id for each in undo.statements} | {outcome.id for outcome in undo.kept}
    for step in undo.record.steps:
        if step.statement.migration in migrations and f"undo:{step.statement.id}" not in asked:
            raise InputError(
                f"the migration {step.statement.migration} goes back whole, and its step {step.statement.id} was not asked for; "
                "leave --step out, or name all of its steps"
            )
    for step in undo.adopted:
        if step.statement.migration in migrations:
            raise InputError(
                f"the migration {step.statement.migration} cannot go back: its index {step.statement.name} was there before the "
                "run, and Django would drop it; undo the others by a migration of your own"
            )
    return migrations


@dataclass(frozen=True, slots=True)
class _Back:
    """One rollback under way."""

    project: Project
    session: Session
    journal: Journal
    undo: Undo
    run: str

    def over(self, migration: str) -> list[Outcome]:
        statements = self._of(migration)
        for statement in statements:
            self.journal.record(
                statement.id, "before", sql=statement.sql, undo=statement.undo, **self._standing(statement)
            )
        error = ""
        try:
            self.project.migrate_back(migration)
        except NotHeld as refused:
            error = str(refused)
        except BaseException as stopped:
            with suppress(FileRefused):
                for statement in statements:
                    self.journal.record(statement.id, "interrupted", by=type(stopped).__name__)
            raise
        return [self._told(statement, self._became(statement, error)) for statement in statements]

    def not_there(self, migration: str) -> list[Outcome]:
        """Somebody has gone back over it already."""
        return [
            self._told(
                each, Skipping(each.id, each.summary, f"the migration {migration} is not applied any more")
            )
            for each in self._of(migration)
        ]

    def _of(self, migration: str) -> Sequence[DdlStatement]:
        return [statement for statement in self.undo.statements if statement.migration == migration]

    def _told(self, statement: DdlStatement, outcome: Outcome) -> Outcome:
        self.journal.ended(outcome)
        return outcome

    def _standing(self, statement: DdlStatement) -> dict[str, object]:
        found = None if statement.index is None else find(self.session, statement.index, statement.name)
        if found is None:
            return {"there": 0}
        record = read_record(self.session, found.oid) if statement.action == "drop" else None
        return {"there": found.oid, "records": [] if record is None else [asdict(record)]}

    def _became(self, statement: DdlStatement, error: str) -> Outcome:
        """What the catalog says became of the index."""
        found = None if statement.index is None else find(self.session, statement.index, statement.name)
        whole = found is not None and found.valid and found.ready and found.live
        if statement.action == "drop" and found is None:
            return Applied(statement.id, statement.summary)
        if statement.action == "create" and found is not None and whole:
            self.journal.record(statement.id, "index", oid=found.oid)
            return self._furnished(statement) or Applied(statement.id, statement.summary)
        words = error or "Django has gone back over its migration, and the index is not as it should be now"
        return Failed(
            statement.id,
            statement.summary,
            words,
            "see what the database has, then run this again",
            "PLAIN_FAILURE",
        )

    def _furnished(self, statement: DdlStatement) -> Outcome | None:
        site = Site(self._open, self.session, lambda _share, _detail: None, run=self.run)
        return self.undo.as_it_was(site, statement)

    def _open(self) -> Session:
        session = connect(self.project.url(), read_only=False)
        session.close_path()
        return session
