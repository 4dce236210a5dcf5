"""``apply``: preflight, then build and drop without blocking anybody.

At the Django door the pending index-only migrations are applied, one by one, after the preflight; with a URL the accepted part
of an advice file is carried out as SQL.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from indexical.apply.build import apply_sql
from indexical.apply.preflight import Finding, check, refuse
from indexical.apply.statements import create_statement, drop_statement
from indexical.cli.door import Door, PendingMigration, Project
from indexical.cli.output import terminal
from indexical.cli.progress import OnEvent, progress
from indexical.cli.source import add_source, open_session, url_of
from indexical.cli.verbs.write import accepted, add_advice
from indexical.errors import InputError, NotHeld, PreflightRefused
from indexical.model import Applied, Failed, Outcome
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import connect
from indexical.report.outcomes import outcome_sections
from indexical.report.text import render_sections
from indexical.report.units import printable

HELP = "Build and drop what was accepted, without blocking writers; refuses when something is in the way."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    add_advice(parser)
    if door.project is not None:
        for action in parser._actions:
            if action.dest == "advice":
                action.required = False
                action.help = "carry out this advice as SQL instead of the project's pending index migrations"
    parser.add_argument(
        "--dry-run", action="store_true", help="show the statements and the preflight, change nothing"
    )
    parser.add_argument("--journal", metavar="FILE", help="where to keep the record of the run (SQL only)")


def run(arguments: argparse.Namespace, door: Door) -> int:
    if door.project is not None and arguments.advice is None:
        if arguments.source is not None:
            raise InputError(
                "migrations are applied to the project's own database; leave SOURCE out, or give --advice FILE"
            )
        if arguments.name or arguments.phase or arguments.only or arguments.journal:
            raise InputError(
                "--name, --phase, --only and --journal are for an advice file, and every pending index migration would be "
                "applied; give --advice FILE, or leave them out"
            )
        return _run_migrations(arguments, door.project)
    return _run_sql(arguments, door)


def _run_sql(arguments: argparse.Namespace, door: Door) -> int:
    create, drop = accepted(arguments)
    statements = [create_statement(item.name, item.index) for item in create]
    statements += [drop_statement(item.existing, covered_by=item.covered_by) for item in drop]
    url = url_of(arguments.source, door)
    with connect(url) as session:
        findings = check(
            session, [(item.name, item.index) for item in create], [item.existing for item in drop]
        )
    if arguments.dry_run:
        _show_findings(findings)
        for statement in statements:
            print(f"{statement.sql};")
        return 0
    _show_and_refuse(findings)
    with progress() as on_event:
        outcomes = apply_sql(
            lambda: connect(url, read_only=False),
            statements,
            on_event=on_event,
            journal=Path(arguments.journal) if arguments.journal else None,
        )
    return _report(outcomes)


def _run_migrations(arguments: argparse.Namespace, project: Project) -> int:
    # The session first: what is wrong with the alias or the server is said in the same words as by every other verb.
    with open_session(None, Door(project=project)) as session:
        pending = project.pending()
        if not pending:
            print(
                "Nothing to apply: there is no pending migration that only builds or drops indexes concurrently."
            )
            return 0
        dropped = {name for migration in pending for name in migration.drops}
        findings = check(
            session,
            [build for migration in pending for build in migration.builds],
            [index for index in existing_indexes(session) if index.name in dropped],
        )
    findings = tuple(_for_migrations(finding) for finding in findings)
    if arguments.dry_run:
        _show_findings(findings)
        for migration in pending:
            print(f"-- {migration.app}.{migration.name}")
            for statement in migration.sql:
                print(printable(statement))
        return 0
    _show_and_refuse(findings)
    present = frozenset(finding.subject.rpartition(".")[2] for finding in findings if finding.code == "P06")
    with progress() as on_event:
        return _report(_migrate_all(project, pending, present, on_event))


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


def _migrate_all(
    project: Project,
    pending: Sequence[PendingMigration],
    present: frozenset[str],
    on_event: OnEvent | None,
) -> tuple[Outcome, ...]:
    """One after the other; the first that fails ends the run, and what came before it stays."""
    outcomes: list[Outcome] = []
    for done, migration in enumerate(pending):
        name = f"{migration.app}.{migration.name}"
        if on_event:
            on_event("migrations", done / len(pending), name)
        started = time.monotonic()
        try:
            project.migrate(migration, present=present)
        except NotHeld as error:
            outcomes.append(Failed(name, name, str(error)))
            break
        outcomes.append(Applied(name, f"{name}: {_counts(migration)}", (time.monotonic() - started) * 1000))
    return tuple(outcomes)


def _counts(migration: PendingMigration) -> str:
    return f"{len(migration.builds)} built, {len(migration.drops)} dropped"


def _show_and_refuse(findings: tuple[Finding, ...]) -> None:
    """Warnings a line each; one refusal is the error's own line, several are listed before it."""
    refusals = sum(1 for finding in findings if finding.severity == "refuse")
    if refusals > 1:
        _show_findings(findings)
        raise PreflightRefused(f"nothing was changed: see the {refusals} refusals above")
    _show_findings(tuple(finding for finding in findings if finding.severity != "refuse"))
    refuse(findings)


def _show_findings(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        print(
            f"{finding.severity:<6} {finding.code} {printable(finding.subject)}: {printable(finding.message)} "
            f"{printable(finding.remedy)}".rstrip(),
            file=sys.stderr,
        )


def _report(outcomes: tuple[Outcome, ...]) -> int:
    width, color = terminal()
    print(render_sections(outcome_sections("Applied", outcomes), width=width, color=color), end="")
    return 1 if any(isinstance(outcome, Failed) for outcome in outcomes) else 0
