"""``write``: accepted advice into models.py and migrations, or into a SQL file."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from indexical.cli.door import Door, MigrationStyle
from indexical.cli.output import emit
from indexical.emit.sql import changes_script
from indexical.errors import InputError, NotHeld
from indexical.model import Applied, Drop, Failed, Instruction, Outcome, Recommendation, SourceEdit
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
            "--plain",
            action="store_true",
            help="migrations with operations of Django's own only, which need no Indexical where they run",
        )
        parser.add_argument(
            "--one-per-file",
            action="store_true",
            help="a migration for every index instead of one for every app",
        )
        parser.add_argument(
            "--outside-app",
            metavar="APP",
            default="",
            help="put indexes of installed packages' tables into the migrations of this app of the project",
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
    parser.add_argument("--only", choices=("create", "drop"), default="", help="only creates, or only drops")


def accepted(arguments: argparse.Namespace) -> tuple[tuple[Recommendation, ...], tuple[Drop, ...]]:
    """The part of the advice file that the arguments accept; it may be nothing.

    A drop whose work a new index is to do goes with that index: it is left out when the index is, unless it is asked for by
    ``--name`` or ``--only drop``.

    Raises:
        InputError: a name is not in the advice.
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
    left_out = {item.name for item in advice.create} - {item.name for item in create}
    drop = tuple(
        item
        for item in advice.drop
        if (
            item.existing.name in names
            if names
            else arguments.only == "drop" or item.covered_by not in left_out
        )
    )
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
    style = MigrationStyle(
        plain=arguments.plain, one_per_file=arguments.one_per_file, outside_app=arguments.outside_app
    )
    changes = door.project.changes(create, drop, style)
    instructions = [change for change in changes if isinstance(change, Instruction)]
    if arguments.diff:
        text = door.project.diff(changes)
        # In a pipe or a file it is a patch, which has to hold every character as it is.
        sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
        report_instructions(instructions)
        return 0
    edits = [change for change in changes if isinstance(change, SourceEdit)]
    outcomes = door.project.write(edits)
    report_edits(edits, outcomes)
    report_instructions(instructions)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    if failed:
        raise NotHeld(
            f"{plural(len(failed), 'change')} could not be written; {failed[0].what}: {failed[0].error}"
        )
    if not any(isinstance(outcome, Applied) for outcome in outcomes):
        print("Nothing to write: the project has it all already.")
    by_hand = sum(1 for instruction in instructions if instruction.step)
    if by_hand:
        print(f"{plural(by_hand, 'change is', 'changes are')} left to you: see standard error.")
    return 0


def report_edits(edits: Sequence[SourceEdit], outcomes: Sequence[Outcome]) -> None:
    """Every file to standard output, with a line for each thing that was done in it."""
    written = {outcome.id for outcome in outcomes if isinstance(outcome, Applied)}
    for edit in edits:
        if edit.id not in written:
            continue
        print(f"{'created' if edit.creates else 'edited':8} {printable(_shown(edit.path))}")
        for part in edit.summary.split("; "):
            print(f"         {printable(part)}")


def report_instructions(instructions: Sequence[Instruction]) -> None:
    """What is left to a person, to standard error: why, then the statement."""
    for instruction in instructions:
        word = "by hand" if instruction.step else "note"
        print(f"{word:8} {printable(f'{instruction.subject}: {instruction.text}')}", file=sys.stderr)
        if instruction.step:
            print(f"         {printable(instruction.step)}", file=sys.stderr)
    if any(instruction.step for instruction in instructions):
        print(
            "Put such a statement in a migration of your own, with atomic = False and migrations.RunSQL(...).",
            file=sys.stderr,
        )


def _shown(path: str) -> str:
    """The path as seen from the working directory where it is below it."""
    with contextlib.suppress(ValueError):
        return Path(path).resolve().relative_to(Path.cwd().resolve()).as_posix()
    return path
