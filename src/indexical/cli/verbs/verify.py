"""``verify``: every advised index exists, is valid, as defined and sound, and is used by the statements it was made for.

With ``--watch`` it also compares the times of statements over a window with those before, and proposes or performs the undo.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

from indexical.apply.journal import identity
from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.progress import progress
from indexical.cli.source import add_source, add_workload, open_session, read_workload, url_of
from indexical.cli.verbs.write import accepted, add_advice
from indexical.cli.watching import Result, add_watch, begins_baseline, watch
from indexical.errors import WorkloadEmpty
from indexical.model import Failed, Outcome, Recommendation, Verified, Workload
from indexical.model.run import TargetIdentity
from indexical.report.outcomes import outcome_sections
from indexical.report.run_json import run_document
from indexical.report.text import render_sections
from indexical.verify import verify

HELP = "Check that every advised index exists, is valid, is as defined, and is used."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    add_advice(parser)
    add_workload(parser)
    parser.add_argument(
        "--no-amcheck",
        action="store_true",
        help="do not compare the indexes with their tables by amcheck, which reads both whole",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of the result; default: text"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there instead of printing it")
    add_watch(parser)


def run(arguments: argparse.Namespace, door: Door) -> int:
    first = begins_baseline(arguments)
    create, _ = accepted(arguments)
    # Before the change there is nothing to verify, only something to remember.
    target, outcomes = (None, ()) if first else _verified(arguments, door, create)
    watched = Result(())
    if arguments.watch is not None:
        url = url_of(arguments.source, door)
        with progress() as on_event:
            watched = watch(arguments, url, create, program=door.program, on_event=on_event)
    if arguments.format == "json":
        every = (*outcomes, *watched.outcomes)
        # Which database this is about and when: a later reader holds it against the run that it is to prove.
        document = run_document(
            run=watched.run,
            outcomes=every,
            journal=watched.journal,
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            target=None if target is None else asdict(target),
        )
        emit(document, arguments.output)
    else:
        _show(arguments, outcomes, watched)
    return 0 if all(held(outcome) for outcome in (*outcomes, *watched.outcomes)) else 1


def _verified(
    arguments: argparse.Namespace, door: Door, create: tuple[Recommendation, ...]
) -> tuple[TargetIdentity, tuple[Outcome, ...]]:
    try:
        workload = read_workload(arguments, door)
    except WorkloadEmpty:
        if arguments.watch is None or arguments.workload:
            raise
        # What is watched may be judged without: the plans of a workload are only a part of it.
        workload = Workload(())
    with open_session(arguments.source, door) as session:
        return identity(session), verify(session, create, workload, structure=not arguments.no_amcheck)


def _show(arguments: argparse.Namespace, outcomes: tuple[Outcome, ...], watched: Result) -> None:
    width, color = terminal()
    sections = outcome_sections("Verified", outcomes) if outcomes or arguments.watch is None else ()
    if arguments.watch is not None:
        sections = (*sections, *outcome_sections("Watched", watched.outcomes))
    emit(render_sections(sections, width=width, color=color and arguments.output is None), arguments.output)
    if watched.journal:
        print(f"The record of the undo: {watched.journal}")


def held(outcome: Outcome) -> bool:
    """Whether the outcome is not a failure: "not measured" is its own verdict, but nothing failed."""
    if isinstance(outcome, Verified):
        return outcome.verdict in ("used", "no-worse")
    return not isinstance(outcome, Failed)
