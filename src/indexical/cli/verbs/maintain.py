"""``maintain``: shows what upkeep is due and why, and with ``--yes`` does it, journalled like every other change."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from indexical.apply.build import apply_sql
from indexical.apply.earlier import clear_earlier, newest
from indexical.apply.findings import Finding, refuse
from indexical.apply.journal import identity, read_run
from indexical.apply.resume import resume
from indexical.cli import units
from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.progress import progress
from indexical.cli.records import runs_folder, shown
from indexical.cli.running import Telling, begun, show_findings, status
from indexical.cli.source import add_source, url_of
from indexical.errors import FileRefused, InputError
from indexical.maintain.carrying import given_back, possible, server_findings, steps, within
from indexical.maintain.leftovers import unfinished
from indexical.maintain.looking import Wish, look
from indexical.model import Outcome
from indexical.model.maintenance import KINDS, Upkeep
from indexical.pg.session import Session, connect
from indexical.report import html, markdown
from indexical.report.outcomes import outcome_sections
from indexical.report.run_json import run_document
from indexical.report.sections import Section
from indexical.report.text import render_sections
from indexical.report.upkeep import rebuilt_section, upkeep_document, upkeep_sections

HELP = "Show what upkeep is due and why: VACUUM, ANALYZE, rebuilds of bloated indexes, leftovers; with --yes do it."
_USUAL = Wish()


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--dry-run", action="store_true", help="show what is due and do nothing (the default)")
    doing.add_argument("--yes", action="store_true", help="do what is due")
    parser.add_argument(
        "--only", choices=KINDS, action="append", help="only this kind of work; may be repeated"
    )
    parser.add_argument(
        "--table",
        metavar="SCHEMA.TABLE",
        action="append",
        default=[],
        help="only this table; may be repeated",
    )
    parser.add_argument(
        "--max-duration",
        metavar="TIME",
        type=units.seconds,
        help="begin nothing that would not end within this time, such as 2h",
    )
    parser.add_argument(
        "--due-at",
        metavar="SHARE",
        type=units.share,
        default=_USUAL.due_at,
        help="share of autovacuum's thresholds from which a table is due (default 100%%)",
    )
    parser.add_argument(
        "--bloat",
        metavar="SHARE",
        type=units.share,
        default=_USUAL.bloat,
        help="share of an index that has to be wasted for a rebuild (default 40%%)",
    )
    parser.add_argument(
        "--waste",
        metavar="SIZE",
        type=units.size,
        default=_USUAL.waste,
        help="what a rebuild has to give back (default 10MB)",
    )
    parser.add_argument(
        "--trust-estimates",
        action="store_true",
        help="rebuild on estimated bloat too, where pgstattuple cannot measure it",
    )
    parser.add_argument(
        "--resume", metavar="JOURNAL", nargs="?", const="",
        help="take a run up again that was broken off (default: the newest one of this database)",
    )  # fmt: skip
    parser.add_argument(
        "--journal", metavar="FILE", help="where to keep the record of the run (default: a new file in .indexical/runs)"
    )  # fmt: skip
    parser.add_argument(
        "--wait", metavar="TIME", type=units.seconds, default=30.0,
        help="how long to wait for another run on this database (default 30s; exit code 75 when it is still at work)",
    )  # fmt: skip
    parser.add_argument(
        "--format",
        choices=("text", "json", "markdown", "html"),
        default="text",
        help="of the result; default: text",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the report there instead of printing it"
    )


def run(arguments: argparse.Namespace, door: Door) -> int:
    telling = Telling(door, "maintain", arguments.format == "json", title="Upkeep done")
    url = url_of(arguments.source, door)
    try:
        if arguments.resume is not None:
            return _resume(arguments, url, telling)
        if not arguments.yes:
            return _show(arguments, door, url)
        return _carry_out(arguments, url, telling)
    except KeyboardInterrupt:
        telling.broken_off()
        raise


def _show(arguments: argparse.Namespace, door: Door, url: str) -> int:
    with connect(url) as session, progress() as on_event:
        if on_event is not None:
            on_event("maintain", -1.0, "looking")
        findings = server_findings(session)
        upkeep = possible(session, look(session, _wish(arguments), unfinished(session, runs_folder())))
    if arguments.format == "text":
        show_findings(findings)
    remedy = f"{door.program} maintain ... --yes"
    _tell(arguments, Telling(door, "maintain"), upkeep, findings, done=False, remedy=remedy)
    return 3 if any(finding.severity == "refuse" for finding in findings) else 0


def _carry_out(arguments: argparse.Namespace, url: str, telling: Telling) -> int:
    opened: Callable[[], Session] = lambda: connect(url, read_only=False)  # noqa: E731
    wish = _wish(arguments)
    with connect(url) as session:
        findings = server_findings(session)
        refuse(findings)
        left = unfinished(session, runs_folder()) if "leftovers" in wish.only else ()
    if arguments.format == "text":
        show_findings(findings)
    telling.findings = findings
    with progress() as on_event:
        if left:
            telling.cleared = clear_earlier(
                opened, runs_folder(), turn_wait_s=arguments.wait, on_event=on_event
            )
        with connect(url) as session:
            upkeep = possible(session, look(session, wish, unfinished(session, runs_folder())))
            planned = steps(session, upkeep)
        run_id, journal = begun(telling, arguments.journal)
        outcomes = apply_sql(
            opened,
            planned,
            turn_wait_s=arguments.wait,
            journal=journal,
            run=run_id,
            verb="maintain",
            notes=[("preflight", {"findings": [asdict(finding) for finding in findings]})],
            own_way=None if arguments.max_duration is None else within(arguments.max_duration, upkeep.needs),
            on_event=on_event,
        )
    with connect(url) as session:
        rebuilt = given_back(session, upkeep, outcomes)
    _tell(arguments, telling, upkeep, findings, done=True, outcomes=outcomes, rebuilt=rebuilt)
    return status((*telling.cleared, *outcomes))


def _resume(arguments: argparse.Namespace, url: str, telling: Telling) -> int:
    if arguments.only or arguments.table or arguments.dry_run:
        raise InputError(
            "--resume goes on with what the run had planned; leave --only, --table and --dry-run out"
        )
    if arguments.format not in ("text", "json"):
        raise InputError("--resume tells its end as text or JSON; choose one of these")
    if arguments.resume:
        journal = Path(arguments.resume)
    else:
        with connect(url) as session:
            found = newest(runs_folder(), identity(session), verb="maintain")
        if found is None:
            raise FileRefused(
                f"there is nothing to take up again: every maintain run of this database in {shown(runs_folder())} has ended"
            )
        journal = found
    record = read_run(journal)
    if record.verb != "maintain":
        raise FileRefused(
            f"the run {record.run} is no upkeep; take it up again with: {record.verb} --resume {journal}"
        )
    telling.run, telling.journal = record.run, journal
    with progress() as on_event:
        resumed = resume(
            journal,
            lambda: connect(url, read_only=False),
            turn_wait_s=arguments.wait,
            on_event=on_event,
        )
    return telling.tell(resumed.outcomes)


def _wish(arguments: argparse.Namespace) -> Wish:
    return Wish(
        only=frozenset(arguments.only or KINDS),
        tables=tuple(arguments.table),
        bloat=arguments.bloat,
        waste=arguments.waste,
        trust_estimates=arguments.trust_estimates,
        due_at=arguments.due_at,
    )


def _tell(
    arguments: argparse.Namespace,
    telling: Telling,
    upkeep: Upkeep,
    findings: tuple[Finding, ...],
    *,
    done: bool,
    remedy: str = "",
    outcomes: Sequence[Outcome] = (),
    rebuilt: tuple[tuple[str, int, int], ...] = (),
) -> None:
    width, color = terminal()
    sections: tuple[Section, ...] = upkeep_sections(upkeep, done=done, remedy=remedy)
    if telling.cleared:
        sections += outcome_sections("Left by earlier runs", telling.cleared)
    if outcomes:
        sections += outcome_sections(telling.title, outcomes)
    sections += rebuilt_section(rebuilt)
    match arguments.format:
        case "json":
            text = run_document(
                run=telling.run,
                findings=findings,
                outcomes=(*telling.cleared, *outcomes),
                journal=str(telling.journal) if telling.journal else "",
                done=done,
                rebuilt=[{"index": name, "before": before, "now": now} for name, before, now in rebuilt],
                **upkeep_document(upkeep),
            )
        case "markdown":
            text = markdown.render_sections(sections)
        case "html":
            text = html.render_sections(sections, title="Upkeep", subtitle=f"database {upkeep.database}")
        case _:
            text = render_sections(sections, width=width, color=color and not arguments.output)
            if done and telling.journal is not None:
                text += f"Run {telling.run}; its record: {shown(telling.journal)}\n"
    emit(text, arguments.output)
