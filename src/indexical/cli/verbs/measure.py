"""``measure``: a workload really executed, with what is asked for beside it; saved, compared, held against claims."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from indexical.cli import served, units
from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.progress import OnEvent, progress
from indexical.cli.source import add_source, add_workload, open_session, read_workload
from indexical.confirm.disposable import require_disposable
from indexical.measure.claims import Figures, judge, read_claims
from indexical.measure.figures import endpoint_figures, figures, load_figures, merged
from indexical.measure.hot import measure_hot
from indexical.measure.paths import Paths, read_paths
from indexical.measure.reads import measure, total_ms
from indexical.measure.storage import measure_storage
from indexical.measure.writes import measure_writes
from indexical.model import HotMeasurement, Measurement, NotMeasured, Workload, WriteMeasurement
from indexical.model.claims import Claim
from indexical.pg.session import Session
from indexical.report import measured
from indexical.report.text import render_sections

HELP = "Execute the workload's reading statements; save the times, or compare them with a saved run."

_SPOILT = "the write paths of --paths really write to it"


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    add_workload(parser)
    parser.add_argument(
        "--runs", metavar="N", type=units.count, default=7, help="executions of each sample (default 7)"
    )
    parser.add_argument(
        "--paths",
        metavar="FILE",
        help="also measure the write paths and heap-only updates of this TOML file ([[write]] and [[hot]] tables), in a "
        "database marked by ALTER DATABASE name SET indexical.disposable = on",
    )
    parser.add_argument(
        "--claims",
        metavar="FILE",
        help="hold the claims of this TOML file ([[claim]] tables) against this run and the one of --compare",
    )
    served.configure(parser)
    parser.add_argument(
        "--compare", metavar="FILE", help="an earlier run that -o wrote: shows before and after"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="save the run there as JSON")
    parser.add_argument("--report", metavar="FILE", help="write the run as an HTML page there")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was named on the command line, read and checked before anything is executed."""

    before: measured.Run | None
    paths: Paths
    claims: tuple[Claim, ...]


def run(arguments: argparse.Namespace, door: Door) -> int:
    served.check(arguments)
    asked = _Asked(
        measured.load(Path(arguments.compare)) if arguments.compare else None,
        read_paths(Path(arguments.paths)) if arguments.paths else Paths(),
        read_claims(Path(arguments.claims)) if arguments.claims else (),
    )
    with ExitStack() as stack:
        writer = None
        if arguments.paths:
            # First of all, so that nobody waits for reads only to hear that the writes are refused.
            writer = stack.enter_context(open_session(arguments.source, door, read_only=False))
            require_disposable(writer, _SPOILT)
        workload = _workload(arguments, door)
        session = stack.enter_context(open_session(arguments.source, door))
        on_event = stack.enter_context(progress())
        found = measure({"now": session}, workload, runs=arguments.runs, on_event=on_event)["now"]
        storage = measure_storage(session)
        over_http = served.run(arguments, session, on_event)
        writes, hot = _paths(writer, asked.paths, on_event)
        now = measured.Run(
            server_version=session.server_version_text,
            read_ms=total_ms(found),
            reads=tuple(item for item in found if isinstance(item, Measurement)),
            not_measured=_missed(found, writes, hot),
            made_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            writes=tuple(item for item in writes if isinstance(item, WriteMeasurement)),
            hot=tuple(item for item in hot if isinstance(item, HotMeasurement)),
            storage=storage,
            served=over_http,
        )
    now = _judged(now, asked)
    if arguments.output:
        emit(measured.render_json(now), arguments.output)
    if arguments.report:
        emit(measured.page(now, asked.before), arguments.report)
    width, color = terminal()
    print(render_sections(measured.sections(now, asked.before), width=width, color=color), end="")
    return 0


def _workload(arguments: argparse.Namespace, door: Door) -> Workload:
    """The statements to execute: none when only something else was asked for."""
    if not arguments.workload and (arguments.base_url or arguments.paths):
        return Workload(())
    return read_workload(arguments, door)


def _paths(
    session: Session | None, paths: Paths, on_event: OnEvent | None
) -> tuple[tuple[WriteMeasurement | NotMeasured, ...], tuple[HotMeasurement | NotMeasured, ...]]:
    """Heap-only updates first: rows that the write paths roll back would fill the room that they need."""
    if session is None:
        return (), ()
    if on_event is not None:
        on_event("measure", 1.0, "write paths")
    hot = measure_hot({"now": session}, paths.hot, disposable={"now"})["now"]
    return measure_writes({"now": session}, paths.writes)["now"], hot


def _missed(*results: Iterable[object]) -> tuple[NotMeasured, ...]:
    return tuple(item for found in results for item in found if isinstance(item, NotMeasured))


def _judged(now: measured.Run, asked: _Asked) -> measured.Run:
    if not asked.claims:
        return now
    before = asked.before
    was = _figures(before, None, now) if before is not None else Figures()
    return replace(now, judged=judge(asked.claims, was, _figures(now, before, before)))


def _figures(run: measured.Run, base: measured.Run | None, other: measured.Run | None) -> Figures:
    """A run's figures; growth is told against ``base``, load at the steps that it shares with ``other``."""
    served_run = run.served
    before = base.storage if base is not None else None
    return merged(
        figures(run.reads, run.writes, storage=run.storage, before=before, missed=run.not_measured),
        endpoint_figures(served_run.endpoints, served_run.not_measured)
        if served_run is not None
        else Figures(),
        load_figures(
            served_run.load if served_run is not None else None,
            other.served.load if other is not None and other.served is not None else None,
        ),
    )
