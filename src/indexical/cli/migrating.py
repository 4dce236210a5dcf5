"""``apply`` at the Django door: the pending index-only migrations, one after the other, in the journal like any other run.

Django carries the migrations out, so the journal's steps are announced before each and read from the catalog after it: one step
for every index of a migration.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from indexical import __version__
from indexical.apply.facts import read_names
from indexical.apply.index_record import record_index
from indexical.apply.journal import Journal, difference, identity
from indexical.apply.journal.identity import named
from indexical.apply.preflight import Finding, check
from indexical.apply.statements import create_statement, drop_statement
from indexical.cli.door import Door, PendingMigration, Project
from indexical.cli.progress import OnEvent, progress
from indexical.cli.promoting import promoted
from indexical.cli.running import Telling, backed_up, begun
from indexical.cli.source import open_session
from indexical.errors import DatabaseError, FileRefused, NotHeld
from indexical.model import Applied, DdlStatement, ExistingIndex, Failed, Outcome, Skipping
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import Session

NOTHING = "Nothing to apply: there is no pending migration that only builds or drops indexes concurrently."


@dataclass(frozen=True, slots=True)
class _Step:
    """One index of one migration."""

    statement: DdlStatement
    existing: ExistingIndex | None = None
    """What is to be dropped."""


def migrate_pending(arguments: argparse.Namespace, door: Door, telling: Telling) -> int:
    project = _project(door)
    # The session first: what is wrong with the alias or the server is said in the same words as by every other verb.
    with open_session(None, door) as session:
        session.close_path()
        pending = project.pending()
        if not pending:
            if telling.json:
                return telling.tell(())
            print(NOTHING)
            return 0
        steps = _steps(session, pending)
        findings = check(
            session,
            [build for migration in pending for build in migration.builds],
            [step.existing for step in steps if step.existing is not None],
            superuser=arguments.superuser,
        )
        gate = promoted(arguments.promotion, [step.statement for step in steps], lambda: identity(session))
        findings = gate.findings + tuple(_for_migrations(finding) for finding in findings)
        if arguments.dry_run:
            lines = [line for each in pending for line in (f"-- {each.app}.{each.name}", *each.sql)]
            return telling.looked_ahead(findings, lines)
        telling.found(findings)
        run, path = begun(telling, arguments.journal)
        plan = [step.statement for step in steps]
        with progress() as on_event:
            backup = backed_up(arguments, project.url(), run, plan, on_event)
            target, version = identity(session), session.server_version_text
            with Journal.begin(
                path, run, target, plan, server_version=version, tool_version=__version__
            ) as journal:
                journal.backed_up(backup)
                for event, details in gate.notes:
                    journal.record("run", event, **details)
                journal.record("run", "preflight", findings=[asdict(finding) for finding in findings])
                present = frozenset(
                    finding.subject.rpartition(".")[2] for finding in findings if finding.code == "P06"
                )
                return telling.tell(_Migrating(door, journal, steps, present, on_event).run(pending))


def resume_migrations(arguments: argparse.Namespace, door: Door, telling: Telling, path: Path) -> int:
    """Applies what is still pending of a run's migrations, and reads from the catalog what became of the others."""
    project = _project(door)
    journal, record = Journal.reopen(path)
    with journal, open_session(None, door) as session:
        session.close_path()
        differs = difference(record.target, here := identity(session))
        if differs and not (differs == "timeline" and arguments.after_failover):
            raise FileRefused(
                f"the journal {path} is of {named(record.target)}, and {named(here)} answers; nothing was changed"
            )
        if record.finished:
            return telling.tell([step.outcome for step in record.steps if step.outcome is not None])
        journal.record("run", "resumed", torn=record.torn)
        open_steps = [step for step in record.steps if step.state not in ("applied", "skipped", "failed")]
        names = {step.statement.migration for step in open_steps}
        steps = [_Step(step.statement) for step in open_steps]
        pending = [each for each in project.pending() if f"{each.app}.{each.name}" in names]
        done = names - {f"{each.app}.{each.name}" for each in pending}
        with progress() as on_event:
            migrating = _Migrating(door, journal, steps, frozenset(), on_event)
            for name in sorted(done):
                migrating.read_back(session, name, "")
            return telling.tell(migrating.run(pending))


def _project(door: Door) -> Project:
    if door.project is None:
        raise FileRefused("migrations are applied by: manage.py indexes apply")
    return door.project


def _steps(session: Session, pending: Sequence[PendingMigration]) -> list[_Step]:
    """A step for every index, in the order of the migrations."""
    here = existing_indexes(session)
    steps: list[_Step] = []
    for migration in pending:
        label = f"{migration.app}.{migration.name}"
        for name, index in migration.builds:
            statement = create_statement(name, index)
            steps.append(_Step(replace(statement, id=f"{label}:{statement.id}", migration=label)))
        for name in migration.drops:
            for existing in (each for each in here if each.name == name):
                statement = drop_statement(existing)
                steps.append(
                    _Step(replace(statement, id=f"{label}:{statement.id}", migration=label), existing)
                )
    return steps


@dataclass(frozen=True, slots=True)
class _Migrating:
    """The migrations of one run under way."""

    door: Door
    journal: Journal
    steps: Sequence[_Step]
    present: frozenset[str]
    on_event: OnEvent | None

    def run(self, pending: Sequence[PendingMigration]) -> tuple[Outcome, ...]:
        """One after the other; the first that fails ends the run, and what came before it stays."""
        outcomes: list[Outcome] = []
        for done, migration in enumerate(pending):
            name = f"{migration.app}.{migration.name}"
            if self.on_event:
                self.on_event("migrations", done / len(pending), name)
            outcomes.append(self._one(migration, name))
            if isinstance(outcomes[-1], Failed):
                break
        lost = any(isinstance(outcome, Failed) and outcome.code == "SERVER_LOST" for outcome in outcomes)
        if not lost:
            failed = any(isinstance(outcome, Failed) for outcome in outcomes)
            self.journal.record("run", "end", result="failed" if failed else "done")
        return tuple(outcomes)

    def _one(self, migration: PendingMigration, name: str) -> Outcome:
        with open_session(None, self.door) as session:
            session.close_path()
            for step in self._of(name):
                self.journal.record(step.statement.id, "before", **_standing(session, step))
        started = time.monotonic()
        error = ""
        try:
            _project(self.door).migrate(migration, present=self.present)
        except NotHeld as refused:
            error = str(refused)
        except BaseException as stopped:
            with suppress(FileRefused):
                for step in self._of(name):
                    self.journal.record(step.statement.id, "interrupted", by=type(stopped).__name__)
            raise
        try:
            with open_session(None, self.door) as session:
                session.close_path()
                self.read_back(session, name, error)
        except DatabaseError as lost:
            return Failed(
                name,
                name,
                error or str(lost),
                "when the server answers again, run: apply --resume",
                "SERVER_LOST",
            )
        if error:
            return Failed(name, name, error, code="PLAIN_FAILURE")
        return Applied(name, f"{name}: {_counts(migration)}", (time.monotonic() - started) * 1000)

    def read_back(self, session: Session, migration: str, error: str) -> None:
        """Writes down for each step of a migration what the catalog says became of it."""
        for step in self._of(migration):
            oid, outcome = _became(session, step.statement, error)
            if oid:
                self.journal.record(step.statement.id, "index", oid=oid)
            self.journal.ended(outcome)

    def _of(self, migration: str) -> list[_Step]:
        return [step for step in self.steps if step.statement.migration == migration]


def _standing(session: Session, step: _Step) -> dict[str, object]:
    statement = step.statement
    details: dict[str, object] = {"sql": statement.sql, "undo": statement.undo}
    if statement.index is not None:
        found = read_names(session, [(statement.index.schema, statement.name)])
        details["there"] = found[0].oid if found else 0
    if step.existing is not None:
        details["records"] = [asdict(record_index(session, step.existing))]
    return details


def _became(session: Session, statement: DdlStatement, error: str) -> tuple[int, Outcome]:
    """The oid of an index that is there now, and the step's outcome."""
    wanted = [] if statement.index is None else [(statement.index.schema, statement.name)]
    found = read_names(session, wanted)
    whole = bool(found) and found[0].valid and found[0].ready and found[0].live
    if statement.action == "create" and whole:
        return found[0].oid, Applied(statement.id, statement.summary)
    if statement.action == "drop" and not found:
        return 0, Applied(statement.id, statement.summary)
    if error:
        return 0, Failed(statement.id, statement.summary, error, "migrate again", "PLAIN_FAILURE")
    return 0, Skipping(statement.id, statement.summary, "the migration is applied and left it as it is")


def _counts(migration: PendingMigration) -> str:
    return f"{len(migration.builds)} built, {len(migration.drops)} dropped"


def _for_migrations(finding: Finding) -> Finding:
    """A migration builds its index whatever else there is, so an equal one under another name is in its way."""
    if finding.code != "P09" or finding.remedy:
        return finding
    return replace(
        finding,
        severity="refuse",
        message=finding.message.replace("will not be built again", "the migration would build a second time"),
        remedy="rename it to that (ALTER INDEX ... RENAME TO ...) or drop it, then run this again",
    )
