"""``measure``: every reading statement of a workload, really executed; saved, and compared with a saved run."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from indexical.cli import units
from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.progress import progress
from indexical.cli.source import add_source, add_workload, open_session, read_workload
from indexical.measure.reads import measure, total_ms
from indexical.model import Measurement, NotMeasured
from indexical.report import measured
from indexical.report.text import render_sections

HELP = "Execute the workload's reading statements; save the times, or compare them with a saved run."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    add_workload(parser)
    parser.add_argument(
        "--runs", metavar="N", type=units.count, default=7, help="executions of each sample (default 7)"
    )
    parser.add_argument(
        "--compare", metavar="FILE", help="an earlier run that -o wrote: shows before and after"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="save the run there as JSON")
    parser.add_argument("--report", metavar="FILE", help="write the run as an HTML page there")


def run(arguments: argparse.Namespace, door: Door) -> int:
    before = measured.load(Path(arguments.compare)) if arguments.compare else None
    workload = read_workload(arguments, door)
    with open_session(arguments.source, door) as session, progress() as on_event:
        found = measure({"now": session}, workload, runs=arguments.runs, on_event=on_event)["now"]
        now = measured.Run(
            server_version=session.server_version_text,
            read_ms=total_ms(found),
            reads=tuple(item for item in found if isinstance(item, Measurement)),
            not_measured=tuple(item for item in found if isinstance(item, NotMeasured)),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
    if arguments.output:
        emit(measured.render_json(now), arguments.output)
    if arguments.report:
        emit(measured.page(now, before), arguments.report)
    width, color = terminal()
    print(render_sections(measured.sections(now, before), width=width, color=color), end="")
    return 0
