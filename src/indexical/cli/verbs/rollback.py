"""``rollback``: takes back exactly what a run did, and nothing else; itself a run with a journal.

What the run built is dropped, what it dropped is brought back, concurrently both ways. A run that applied migrations goes back
through Django, to the migrations before its own.
"""

from __future__ import annotations

import argparse
import sys

from indexical.apply.build import apply_sql
from indexical.apply.findings import Finding
from indexical.apply.journal import identity, new_run
from indexical.apply.leftover import find
from indexical.apply.preflight import check
from indexical.apply.undo import Undo, plan_undo
from indexical.cli.door import Door
from indexical.cli.progress import OnEvent, progress
from indexical.cli.recorded import Recorded, chosen, of_database, recorded_runs
from indexical.cli.records import new_journal, shown
from indexical.cli.running import Telling, add_telling
from indexical.cli.source import add_source, url_of
from indexical.cli.unmigrating import back_through_migrations
from indexical.model import ExistingIndex, Failed, Outcome, Skipping
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import Session, connect
from indexical.report.units import printable

HELP = "Undo exactly what a run did, and nothing else."

_ABOUT_ONE_DROP = frozenset({"P16", "P17"})
"""Findings that keep one index where it is; the others are taken back all the same, and the outcome says it."""


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    parser.add_argument(
        "--run",
        metavar="ID",
        dest="run_id",
        help="the run to take back (default: the newest of this database)",
    )
    parser.add_argument(
        "--journal",
        metavar="FILE",
        help="the journal of the run to take back, where it is not in .indexical/runs",
    )
    parser.add_argument(
        "--step", metavar="ID", action="append", default=[], help="only this step of it; may be repeated"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the statements, change nothing")
    parser.add_argument(
        "--allow-blocking",
        action="store_true",
        help="drop the index of a partitioned table too, which stops all use of the table for a moment",
    )
    add_telling(parser)


def run(arguments: argparse.Namespace, door: Door) -> int:
    url = url_of(arguments.source, door)
    telling = Telling(door, "rollback", arguments.format == "json", title="Taken back")
    runs = recorded_runs()
    with connect(url) as session:
        session.close_path()
        here = identity(session)
        found = chosen(runs, journal=arguments.journal, run=arguments.run_id, here=here)
        others = [each.record for each in of_database(runs, here) if each.record.run != found.record.run]
        undo = plan_undo(
            session,
            found.record,
            steps=arguments.step,
            earlier=others,
            blocking=arguments.allow_blocking,
        )
        findings = _findings(session, undo)
    telling.more = {"undoes": found.record.run}
    _say_which(found, telling)
    if arguments.dry_run:
        _say_kept(undo, telling)
        return telling.looked_ahead(findings, [f"{statement.sql};" for statement in undo.statements])
    telling.found(findings)
    if not undo.statements:
        return telling.tell(undo.kept)
    telling.run = new_run()
    telling.journal = new_journal(telling.run)
    try:
        with progress() as on_event:
            outcomes = _carried_out(arguments, door, url, undo, telling, on_event)
    except KeyboardInterrupt:
        print(
            f"{door.program}: the rollback {telling.run} was broken off; go on with: {door.program} rollback --run "
            f"{undo.record.run}",
            file=sys.stderr,
        )
        raise
    return telling.tell((*outcomes, *undo.kept))


def _carried_out(
    arguments: argparse.Namespace,
    door: Door,
    url: str,
    undo: Undo,
    telling: Telling,
    on_event: OnEvent | None,
) -> tuple[Outcome, ...]:
    if any(statement.migration for statement in undo.statements):
        return back_through_migrations(
            door, undo, telling.run, telling.journal or new_journal(telling.run), on_event
        )
    return apply_sql(
        lambda: _open(url),
        undo.statements,
        turn_wait_s=arguments.wait,
        journal=telling.journal,
        run=telling.run,
        verb="rollback",
        undoes=undo.record.run,
        own_way=undo.own_way,
        on_event=on_event,
    )


def _open(url: str) -> Session:
    session = connect(url, read_only=False)
    # An index that lay in the database's own tablespace is to lie there again, whatever our role would have.
    session.set("default_tablespace", "")
    return session


def _findings(session: Session, undo: Undo) -> tuple[Finding, ...]:
    """The preflight's word about the way back."""
    builds = [
        (statement.name, statement.index) for statement in undo.statements if statement.action == "create"
    ]
    free = [
        (name, index) for name, index in builds if index is not None and find(session, index, name) is None
    ]
    drops = {statement.oid for statement in undo.statements if statement.action == "drop"}
    if not (free or drops):
        return ()
    existing: list[ExistingIndex] = []
    if drops:
        existing = [each for each in existing_indexes(session) if each.oid in drops]
    findings = check(session, free, existing)
    return tuple(finding for finding in findings if finding.code not in _ABOUT_ONE_DROP)


def _say_which(found: Recorded, telling: Telling) -> None:
    if not telling.json:
        record = found.record
        print(printable(f"Taking back run {record.run} ({record.verb}, {record.began}), {shown(found.path)}"))


def _say_kept(undo: Undo, telling: Telling) -> None:
    if not telling.json:
        for outcome in undo.kept:
            print(printable(f"-- {_why(outcome)}"))


def _why(outcome: Outcome) -> str:
    match outcome:
        case Skipping():
            return f"{outcome.what}: {outcome.reason}"
        case Failed():
            return f"{outcome.what}: {outcome.error}; {outcome.remedy}"
        case _:
            return outcome.what
