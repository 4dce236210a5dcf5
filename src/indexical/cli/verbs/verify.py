"""``verify``: every advised index exists, is valid, is as defined, and is used by the statements it was made for."""

from __future__ import annotations

import argparse

from indexical.cli.door import Door
from indexical.cli.output import terminal
from indexical.cli.source import add_source, add_workload, open_session, read_workload
from indexical.cli.verbs.write import accepted, add_advice
from indexical.model import Failed, Outcome, Verified
from indexical.report.outcomes import outcome_sections
from indexical.report.text import render_sections
from indexical.verify import verify

HELP = "Check that every advised index exists, is valid, is as defined, and is used."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    add_advice(parser)
    add_workload(parser)


def run(arguments: argparse.Namespace, door: Door) -> int:
    create, _ = accepted(arguments)
    workload = read_workload(arguments, door)
    with open_session(arguments.source, door) as session:
        outcomes = verify(session, create, workload)
    width, color = terminal()
    print(render_sections(outcome_sections("Verified", outcomes), width=width, color=color), end="")
    return 0 if all(held(outcome) for outcome in outcomes) else 1


def held(outcome: Outcome) -> bool:
    """Whether the outcome is not a failure: "not measured" is its own verdict, but nothing failed."""
    if isinstance(outcome, Verified):
        return outcome.verdict == "used"
    return not isinstance(outcome, Failed)
