"""What the verbs that change a database share: findings shown, the back-up gate, the end told as text or JSON, exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from indexical.apply.backup import back_up, evidence, no_backup
from indexical.apply.findings import Finding, refuse
from indexical.apply.journal import new_run
from indexical.apply.journal.reading import OPEN_CODES
from indexical.cli import units
from indexical.cli.door import Door
from indexical.cli.output import terminal
from indexical.cli.progress import OnEvent
from indexical.cli.records import backups_folder, new_journal, shown
from indexical.errors import PreflightRefused
from indexical.model import BackupEvidence, DdlStatement, Failed, Outcome
from indexical.report.outcomes import outcome_sections
from indexical.report.run_json import run_document
from indexical.report.text import render_sections
from indexical.report.units import printable

_LOST = frozenset({"SERVER_LOST", "STATE_UNKNOWN", "TARGET_CHANGED"})


@dataclass(slots=True)
class Telling:
    """One run as it is told: to people, or as one JSON document."""

    door: Door
    verb: str
    json: bool = False
    title: str = "Applied"
    run: str = ""
    journal: Path | None = None
    findings: tuple[Finding, ...] = ()
    cleared: tuple[Outcome, ...] = ()
    """What was done about the leftovers of earlier runs."""
    more: dict[str, object] = field(default_factory=dict)

    def found(self, findings: tuple[Finding, ...]) -> None:
        """Shows the findings; raises :class:`PreflightRefused` when one refuses."""
        self.findings = findings
        refusals = sum(1 for finding in findings if finding.severity == "refuse")
        if self.json:
            if refusals:
                self.tell(())
            refuse(findings)
            return
        if refusals > 1:
            show_findings(findings)
            raise PreflightRefused(f"nothing was changed: see the {refusals} refusals above")
        show_findings(tuple(finding for finding in findings if finding.severity != "refuse"))
        refuse(findings)

    def looked_ahead(self, findings: tuple[Finding, ...], statements: Sequence[str]) -> int:
        """A dry run: the findings and the statements, and the exit code that the run itself would begin with."""
        self.findings = findings
        if self.json:
            self.tell((), statements=list(statements))
        else:
            show_findings(findings)
            for statement in statements:
                print(printable(statement))
        return 3 if any(finding.severity == "refuse" for finding in findings) else 0

    def tell(self, outcomes: Sequence[Outcome], **more: object) -> int:
        """The end of the run; returns the exit code."""
        if self.json:
            journal = str(self.journal) if self.journal else ""
            extra = {**self.more, **more}
            if self.cleared:
                extra["cleared"] = len(self.cleared)
            text = run_document(
                run=self.run,
                findings=self.findings,
                outcomes=(*self.cleared, *outcomes),
                journal=journal,
                **extra,
            )
            print(text, end="")
            return status(outcomes)
        width, color = terminal()
        sections = outcome_sections(self.title, outcomes)
        if self.cleared:
            sections = (*outcome_sections("Left by earlier runs", self.cleared), *sections)
        print(render_sections(sections, width=width, color=color), end="")
        if self.run and self.journal is not None:
            print(f"Run {self.run}; its record: {shown(self.journal)}")
            if any(isinstance(outcome, Failed) and outcome.code in OPEN_CODES for outcome in outcomes):
                print(
                    f"It is not at its end; go on with: {self.door.program} {self.verb} --resume {shown(self.journal)}"
                )
        return status(outcomes)

    def broken_off(self) -> None:
        """Says after an interrupt where the run can be taken up again."""
        if self.journal is not None and self.journal.exists():
            print(
                f"{self.door.program}: the run {self.run} was broken off; its record is {shown(self.journal)}; go on with: "
                f"{self.door.program} {self.verb} --resume {shown(self.journal)}",
                file=sys.stderr,
            )


def begun(telling: Telling, journal: str | None) -> tuple[str, Path]:
    """A run's id and the path of its journal, which the user may have named."""
    telling.run = new_run()
    telling.journal = Path(journal) if journal else new_journal(telling.run)
    return telling.run, telling.journal


def status(outcomes: Sequence[Outcome]) -> int:
    """0 done, 1 something did not hold, 3 the server was lost or another one answers."""
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    if any(outcome.code in _LOST for outcome in failed):
        return 3
    return 1 if failed else 0


def show_findings(findings: tuple[Finding, ...]) -> None:
    """A line each, on standard error."""
    for finding in findings:
        print(f"{finding.severity:<6} {printable(finding.text)}", file=sys.stderr)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """What every verb that changes a database understands."""
    parser.add_argument(
        "--dry-run", action="store_true", help="show the statements and the preflight, change nothing"
    )
    parser.add_argument(
        "--journal",
        metavar="FILE",
        help="where to keep the record of the run (default: a new file in .indexical/runs)",
    )
    add_telling(parser)


def add_telling(parser: argparse.ArgumentParser) -> None:
    """How the outcomes are told, and how long another run on the same database is waited for."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of the result; default: text"
    )
    parser.add_argument(
        "--wait",
        metavar="TIME",
        type=units.seconds,
        default=30.0,
        help="how long to wait for another run on this database (default 30s; exit code 75 when it is still at work)",
    )


def add_backup_options(parser: argparse.ArgumentParser) -> None:
    """The gate before a change: a dump, somebody else's back-up, or a word that none is wanted."""
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument(
        "--backup",
        metavar="DIR",
        nargs="?",
        const="",
        help="dump the whole database first, into this folder (default .indexical/backups); left out: its schema only",
    )
    ways.add_argument(
        "--backup-evidence",
        metavar="TEXT",
        help="there is another back-up: its file, or the id of a snapshot or a ticket",
    )
    ways.add_argument("--no-backup", action="store_true", help="no back-up is wanted, not even of the schema")
    parser.add_argument("--pg-dump", metavar="PATH", default="", help="the pg_dump to use (default: found)")


def backed_up(
    arguments: argparse.Namespace,
    url: str,
    run: str,
    statements: Sequence[DdlStatement],
    on_event: OnEvent | None,
) -> BackupEvidence:
    """What stands for a back-up, made now where it is to be made. Raises as :func:`back_up` and :func:`evidence` do."""
    if arguments.no_backup:
        return no_backup()
    if arguments.backup_evidence is not None:
        return evidence(arguments.backup_evidence)
    whole = arguments.backup is not None
    folder = Path(arguments.backup) if arguments.backup else backups_folder(create=True)
    tables = sorted({(each.index.schema, each.index.table) for each in statements if each.index is not None})
    if not whole and arguments.format == "text" and any(each.action == "drop" for each in statements):
        print("the schema is dumped first, without rows; --backup dumps the whole database", file=sys.stderr)
    return back_up(
        url,
        folder,
        tables=tables,
        run=run,
        schema_only=not whole,
        pg_dump=arguments.pg_dump,
        on_event=on_event,
    )
