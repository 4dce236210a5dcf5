"""``capture``: run a command and record the statements it sends, with their code locations."""

from __future__ import annotations

import argparse
from pathlib import Path

from indexical.cli.door import Door
from indexical.errors import InputError
from indexical.workload.recording import record

HELP = "Run a command (-- manage.py runserver --noreload, -- manage.py test, -- pytest) and record its statements."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help="the capture file (.jsonl); appended to when it exists",
    )
    parser.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER, help="the command, after --")


def run(arguments: argparse.Namespace, door: Door) -> int:
    command = [
        word for position, word in enumerate(arguments.command) if not (position == 0 and word == "--")
    ]
    if not command:
        raise InputError("say what to run, after --: capture -o FILE -- python manage.py test")
    return record(command, Path(arguments.output))
