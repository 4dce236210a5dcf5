"""``record``: what a run did, for people or for another program, from its journal alone; no database is asked."""

from __future__ import annotations

import argparse

from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.recorded import chosen, recorded_runs
from indexical.cli.records import shown
from indexical.errors import InputError
from indexical.report.run_record import FORMATS, render_run, runs_section
from indexical.report.text import render_sections

HELP = "Show what a run did: back-up, preflight, every step, its outcome and its evidence."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    parser.add_argument(
        "--journal", metavar="FILE", help="the journal of the run (default: the newest in .indexical/runs)"
    )
    parser.add_argument("--run", metavar="ID", dest="run_id", help="the run with this id")
    parser.add_argument("--list", action="store_true", help="all recorded runs, a line each")
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the result; default: text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there instead of printing it")


def run(arguments: argparse.Namespace, door: Door) -> int:
    width, color = terminal()
    if arguments.list:
        if arguments.format != "text" or arguments.journal or arguments.run_id:
            raise InputError(
                "--list is text, of all runs in .indexical/runs; leave --format, --journal and --run out"
            )
        section = runs_section([(shown(each.path), each.record) for each in recorded_runs()])
        emit(
            render_sections((section,), width=width, color=color and arguments.output is None),
            arguments.output,
        )
        return 0
    runs = () if arguments.journal else recorded_runs()
    # The newest of all, a rollback too: nothing is done with it but to show it.
    asked = arguments.journal or arguments.run_id
    found = chosen(runs, journal=arguments.journal, run=arguments.run_id) if asked or not runs else runs[0]
    text = render_run(found.record, arguments.format, width=width, color=color and arguments.output is None)
    emit(text, arguments.output)
    return 0
