"""``check``: the gate for continuous integration; exit code 1 on findings at or above ``--fail-on``."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from indexical.check import of_advice, of_catalog, of_usage
from indexical.cli.baselines import baseline_text, load_baseline
from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.progress import OnEvent, progress
from indexical.cli.source import (
    add_source,
    add_workload,
    looks_like_url,
    open_session,
    read_catalog,
    read_workload,
)
from indexical.cli.using import examine
from indexical.cli.verbs.advise import add_limits, advised
from indexical.cli.verbs.usage import add_servers, taken_with
from indexical.errors import InputError
from indexical.model import Catalog, NotExamined
from indexical.model.check import SEVERITIES, Checked, CheckFinding, ordered
from indexical.report import checked as report
from indexical.report.sarif import render_sarif

HELP = "The gate for CI: findings about the indexes there are and the ones that are missing; exit code 1 on findings."
FORMATS = ("text", "json", "sarif", "github")


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=True)
    add_workload(parser)
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        default="warning",
        help="the least severity that makes the exit code 1 (default warning)",
    )
    parser.add_argument(
        "--baseline", metavar="FILE", help="findings that are known and not counted; see --write-baseline"
    )
    parser.add_argument(
        "--write-baseline", metavar="FILE", help="write every finding there as known, and exit with 0"
    )
    add_servers(parser)
    add_limits(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the result; default: text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to standard output")


@dataclass(slots=True)
class _Sheet:
    """What has been found so far."""

    findings: list[CheckFinding]
    not_examined: list[NotExamined]

    def add(self, found: tuple[tuple[CheckFinding, ...], tuple[NotExamined, ...]]) -> None:
        self.findings += found[0]
        self.not_examined += found[1]


def run(arguments: argparse.Namespace, door: Door) -> int:
    if arguments.baseline and arguments.write_baseline:
        raise InputError(
            "--baseline reads what is known and --write-baseline makes it anew; leave one of them out"
        )
    known = load_baseline(Path(arguments.baseline)) if arguments.baseline else frozenset()
    with progress() as on_event:
        found = examined(arguments, door, on_event)
    if arguments.write_baseline:
        emit(baseline_text(found.findings), arguments.write_baseline)
    checked = Checked(
        tuple(each for each in found.findings if each.fingerprint not in known),
        found.not_examined,
        found.database,
        found.server_version,
        found.taken_at,
        found.counters_since,
        tuple(each for each in found.findings if each.fingerprint in known),
    )
    emit(_rendered(checked, arguments.format, plain=arguments.output is not None), arguments.output)
    if arguments.write_baseline or arguments.fail_on == "never":
        return 0
    return 1 if checked.at_or_above(arguments.fail_on) else 0


def examined(arguments: argparse.Namespace, door: Door, on_event: OnEvent | None) -> Checked:
    """Every finding, with nothing known yet."""
    live = arguments.source is None or looks_like_url(arguments.source)
    if not live and (arguments.node or arguments.samples):
        raise InputError(
            "--node and --samples count the use of a server's indexes, and the source is a snapshot file; give a URL"
        )
    catalog = read_catalog(arguments.source, door, on_event)
    sheet = _Sheet([*of_catalog(catalog)], [])
    if live:
        with open_session(arguments.source, door) as session:
            taken = taken_with(session, arguments.node, door, arguments.samples)
            sheet.add(
                of_usage(
                    examine(
                        session,
                        taken,
                        unused_after=arguments.unused_after,
                        catalog=catalog,
                        on_event=on_event,
                    )
                )
            )
    else:
        why = (
            "a snapshot file holds one moment; check the database itself, or keep samples with usage --sample"
        )
        sheet.not_examined.append(NotExamined("use and bloat of the indexes", why))
    if arguments.workload:
        workload = read_workload(arguments, door)
        sheet.add(of_advice(advised(arguments, door, workload, catalog, on_event), catalog))
    else:
        why = "no --workload was given"
        sheet.not_examined.append(NotExamined("indexes that are missing or that no statement uses", why))
    return _finished(sheet, catalog, door)


def _finished(sheet: _Sheet, catalog: Catalog, door: Door) -> Checked:
    if door.project is None:
        why = "that needs the project: manage.py indexes check"
        sheet.not_examined.append(NotExamined("models and migrations", why))
        findings = tuple(sheet.findings)
    else:
        findings, silent = door.project.check(catalog, tuple(sheet.findings))
        sheet.not_examined += silent
    return Checked(
        ordered(findings),
        tuple(dict.fromkeys(sheet.not_examined)),
        catalog.database,
        f"{catalog.server_version // 10000}.{catalog.server_version % 10000}",
        catalog.taken_at,
        catalog.statistics_since,
    )


def _rendered(checked: Checked, format: str, *, plain: bool) -> str:
    if format == "json":
        return report.render_json(checked)
    if format == "sarif":
        return render_sarif(checked)
    if format == "github":
        return report.render_annotations(checked)
    width, color = terminal()
    return report.render_text(checked, width=width, color=color and not plain)
