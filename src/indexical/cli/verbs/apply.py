"""``apply``: preflight, back-up gate, then build and drop without blocking anybody, journalled so that it can be taken up again.

At the Django door the pending index-only migrations are applied, one by one, after the preflight; with a URL the accepted part
of an advice file is carried out as SQL.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from indexical.apply.build import apply_sql
from indexical.apply.earlier import clear_earlier, newest
from indexical.apply.journal import identity, read_run
from indexical.apply.preflight import Finding, check
from indexical.apply.resume import resume
from indexical.apply.statements import create_statement, drop_statement
from indexical.cli.door import Door
from indexical.cli.migrating import migrate_pending, resume_migrations
from indexical.cli.progress import progress
from indexical.cli.promoting import add_promotion, promoted
from indexical.cli.records import SAMPLES, records_folder, runs_folder
from indexical.cli.running import Telling, add_backup_options, add_run_options, backed_up, begun
from indexical.cli.source import add_source, add_workload, read_workload, url_of
from indexical.cli.trialling import add_trial, try_drops
from indexical.cli.verbs.write import accepted, add_advice
from indexical.errors import InputError
from indexical.model import DdlStatement, Drop, Recommendation, TargetIdentity
from indexical.pg.session import Session, connect

HELP = "Build and drop what was accepted, without blocking writers; refuses when something is in the way."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    add_advice(parser)
    for action in parser._actions:
        if action.dest == "advice":
            action.required = False
            if door.project is not None:
                action.help = "carry out this advice as SQL instead of the project's pending index migrations"
    add_run_options(parser)
    parser.add_argument(
        "--resume",
        metavar="JOURNAL",
        nargs="?",
        const="",
        help="take a run up again that was broken off (default: the newest one of this database)",
    )
    parser.add_argument(
        "--running",
        choices=("wait", "end"),
        default="wait",
        help="with --resume: what to do with a build of the run that the server still works on (default: wait, and keep it)",
    )
    parser.add_argument(
        "--after-failover",
        action="store_true",
        help="with --resume: this server has taken the place of the one that the run began on",
    )
    parser.add_argument(
        "--superuser",
        choices=("allow", "warn", "refuse"),
        default="warn",
        help="what to do when the role is a superuser (default: warn)",
    )
    add_backup_options(parser)
    add_trial(parser)
    add_promotion(parser)
    add_workload(parser)


def run(arguments: argparse.Namespace, door: Door) -> int:
    telling = Telling(door, "apply", arguments.format == "json")
    try:
        if arguments.resume is not None:
            return _resume(arguments, door, telling)
        if door.project is not None and arguments.advice is None:
            return _run_migrations(arguments, door, telling)
        return _run_sql(arguments, door, telling)
    except KeyboardInterrupt:
        telling.broken_off()
        raise


def _run_migrations(arguments: argparse.Namespace, door: Door, telling: Telling) -> int:
    if arguments.source is not None:
        raise InputError(
            "migrations are applied to the project's own database; leave SOURCE out, or give --advice FILE"
        )
    if arguments.name or arguments.phase or arguments.only:
        raise InputError(
            "--name, --phase and --only are for an advice file, and every pending index migration would be applied; "
            "give --advice FILE, or leave them out"
        )
    return migrate_pending(arguments, door, telling)


def _run_sql(arguments: argparse.Namespace, door: Door, telling: Telling) -> int:
    if arguments.advice is None:
        raise InputError("say what to apply: --advice FILE; or take up a run again: --resume")
    create, drop = accepted(arguments)
    statements = [create_statement(item.name, item.index, made_for=item.made_for) for item in create]
    statements += [drop_statement(item.existing, covered_by=item.covered_by) for item in drop]
    url = url_of(arguments.source, door)
    opened = _opener(url)
    if not arguments.dry_run and runs_folder().is_dir():
        with progress() as on_event:
            telling.cleared = clear_earlier(
                opened, runs_folder(), turn_wait_s=arguments.wait, on_event=on_event
            )
    gate = promoted(arguments.promotion, statements, lambda: _identity(url))
    findings = gate.findings + _examined(arguments, door, url, statements, create, drop)
    if arguments.dry_run:
        return telling.looked_ahead(findings, [f"{statement.sql};" for statement in statements])
    telling.found(findings)
    run_id, journal = begun(telling, arguments.journal)
    with progress() as on_event:
        backup = backed_up(arguments, url, run_id, statements, on_event)
        outcomes = apply_sql(
            opened,
            statements,
            turn_wait_s=arguments.wait,
            journal=journal,
            run=run_id,
            backup=backup,
            notes=[*gate.notes, ("preflight", {"findings": [asdict(finding) for finding in findings]})],
            on_event=on_event,
        )
    return telling.tell(outcomes)


def _examined(
    arguments: argparse.Namespace,
    door: Door,
    url: str,
    statements: list[DdlStatement],
    create: tuple[Recommendation, ...],
    drop: tuple[Drop, ...],
) -> tuple[Finding, ...]:
    workload = read_workload(arguments, door) if arguments.workload else None
    with connect(url) as session, progress() as on_event, ExitStack() as standbys:
        findings = check(
            session,
            [(item.name, item.index) for item in create],
            [item.existing for item in drop],
            made_for={item.name: item.made_for for item in create},
            replicas=[standbys.enter_context(connect(each)) for each in arguments.replica if drop],
            superuser=arguments.superuser,
        )
        if any(finding.severity == "refuse" for finding in findings):
            # Nothing will be dropped, so nothing is tried.
            return findings
        return findings + try_drops(
            session,
            statements,
            workload=workload,
            replicas=arguments.replica,
            samples=records_folder() / SAMPLES,
            unused_after=arguments.unused_after,
            decided={
                statement.id: item.reason
                for statement, item in zip(statements[len(create) :], drop, strict=True)
            },
            again=arguments.again,
            on_event=on_event,
        )


def _resume(arguments: argparse.Namespace, door: Door, telling: Telling) -> int:
    if (
        arguments.advice is not None
        or arguments.name
        or arguments.phase
        or arguments.only
        or arguments.promotion
        or arguments.dry_run
    ):
        raise InputError(
            "--resume goes on with what the run had planned; leave --advice, --promotion and what belongs to them out"
        )
    url = url_of(arguments.source, door)
    journal = Path(arguments.resume) if arguments.resume else _newest(url)
    if journal is None:
        if telling.json:
            return telling.tell(())
        print("Nothing to take up again: every run of this database whose journal is here has ended.")
        return 0
    record = read_run(journal)
    telling.run, telling.journal = record.run, journal
    if door.project is not None and any(step.statement.migration for step in record.steps):
        return resume_migrations(arguments, door, telling, journal)
    with progress() as on_event:
        resumed = resume(
            journal,
            _opener(url),
            running=arguments.running,
            after_failover=arguments.after_failover,
            turn_wait_s=arguments.wait,
            on_event=on_event,
        )
    return telling.tell(resumed.outcomes)


def _identity(url: str) -> TargetIdentity:
    with connect(url) as session:
        return identity(session)


def _newest(url: str) -> Path | None:
    with connect(url) as session:
        return newest(runs_folder(), identity(session), verb="apply")


def _opener(url: str) -> Callable[[], Session]:
    return lambda: connect(url, read_only=False)
