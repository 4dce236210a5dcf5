"""``write``: accepted advice into models.py and migrations, or into a SQL file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from indexical.cli.door import Door
from indexical.cli.output import emit
from indexical.emit.sql import changes_script
from indexical.errors import InputError, NotHeld
from indexical.model import Applied, Drop, Failed, Instruction, Outcome, Recommendation
from indexical.report.advice_file import load
from indexical.report.units import plural, printable

HELP = "Put accepted advice into models and migrations (Django door), or into a SQL file."
PHASES = ("critical", "performance", "analytics", "review")


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_advice(parser)
    if door.project is not None:
        parser.add_argument(
            "--diff", action="store_true", help="show the change as a unified diff and write nothing"
        )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=door.project is None,
        help="write SQL there instead of editing the project",
    )


def add_advice(parser: argparse.ArgumentParser) -> None:
    """The advice file, and which part of it is accepted."""
    parser.add_argument(
        "--advice", metavar="FILE", required=True, help="what `advise --format json -o FILE` wrote"
    )
    parser.add_argument(
        "--name",
        metavar="NAME",
        action="append",
        default=[],
        help="accept only this index; repeat it for more",
    )
    parser.add_argument(
        "--phase", choices=PHASES, action="append", default=[], help="accept only creates of this phase"
    )
    parser.add_argument("--only", choices=("create", "drop"), default="")


def accepted(arguments: argparse.Namespace) -> tuple[tuple[Recommendation, ...], tuple[Drop, ...]]:
    """The part of the advice file that the arguments accept.

    Raises:
        InputError: a name is not in the advice, or nothing is left.
    """
    advice = load(Path(arguments.advice))
    names = set(arguments.name)
    known = {item.name for item in advice.create} | {drop.existing.name for drop in advice.drop}
    for name in sorted(names - known):
        raise InputError(f"the advice in {arguments.advice} says nothing about an index {name!r}")
    create = tuple(
        item
        for item in advice.create
        if (not names or item.name in names) and (not arguments.phase or item.phase in arguments.phase)
    )
    drop = tuple(item for item in advice.drop if not names or item.existing.name in names)
    return (() if arguments.only == "drop" else create), (() if arguments.only == "create" else drop)


def run(arguments: argparse.Namespace, door: Door) -> int:
    create, drop = accepted(arguments)
    if arguments.output or door.project is None:
        emit(changes_script(create, drop), arguments.output)
        print(
            f"{arguments.output}: {plural(len(create), 'create')}, {plural(len(drop), 'drop')}",
            file=sys.stderr,
        )
        return 0
    changes = door.project.changes(create, drop)
    if arguments.diff:
        sys.stdout.write(printable(door.project.diff(changes)))
        report([], [change for change in changes if isinstance(change, Instruction)])
        return 0
    outcomes = door.project.write(changes)
    report(outcomes, [change for change in changes if isinstance(change, Instruction)])
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    if failed:
        raise NotHeld(
            f"{plural(len(failed), 'change')} could not be written; {failed[0].what}: {failed[0].error}"
        )
    if not any(isinstance(outcome, Applied) for outcome in outcomes):
        print("Nothing to write: the project has it all already.")
    return 0


def report(outcomes: Sequence[Outcome], instructions: Sequence[Instruction]) -> None:
    """Outcomes to standard output, instructions to standard error."""
    for outcome in outcomes:
        if isinstance(outcome, Applied):
            print(f"wrote    {printable(outcome.what)}")
        elif not isinstance(outcome, Failed):
            print(f"skipped  {printable(outcome.what)}: {printable(getattr(outcome, 'reason', ''))}")
    for instruction in instructions:
        print(f"by hand  {printable(instruction.describe())}", file=sys.stderr)
