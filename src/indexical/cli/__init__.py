"""The command line: arguments, one call, a report, an exit code."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence

from indexical import __version__
from indexical.cli.door import Door
from indexical.cli.signals import CODES, Stopped, stoppable
from indexical.cli.verbs import VERBS
from indexical.errors import IndexicalError
from indexical.report.units import printable


def build_parser(door: Door) -> argparse.ArgumentParser:
    """The parser of both doors."""
    parser = argparse.ArgumentParser(
        prog=door.program,
        description="Finds, chooses, writes, applies and proves the database indexes of Django projects on PostgreSQL.",
    )
    parser.add_argument("--version", action="version", version=f"indexical {__version__}")
    add_verbs(parser, door)
    return parser


def add_verbs(parser: argparse.ArgumentParser, door: Door) -> None:
    """Every verb as a subcommand; the Django command calls this on its own parser."""
    verbs = parser.add_subparsers(
        dest="verb", metavar="VERB", required=True, parser_class=argparse.ArgumentParser
    )
    for verb in VERBS:
        if verb.needs_project and door.project is None:
            continue
        sub = verbs.add_parser(verb.name, help=verb.help, description=verb.help)
        verb.configure(sub, door)
        if door.project is not None:
            # Also understood before the verb, where the command itself declares it and its default.
            sub.add_argument(
                "--database", metavar="ALIAS", default=argparse.SUPPRESS, help="which of DATABASES"
            )
        sub.set_defaults(run=verb.run, changes=verb.changes)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the console script; returns the exit code."""
    door = Door()
    arguments = build_parser(door).parse_args(argv)
    return run(arguments.run, arguments, door, last=True)


def run(
    verb: Callable[[argparse.Namespace, Door], int],
    arguments: argparse.Namespace,
    door: Door,
    *,
    last: bool = False,
) -> int:
    """Runs one verb at the process edge: every error on purpose becomes one line and its exit code.

    ``last``: nothing but the process's end comes after it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show an arrow gets its escape, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        # A change is cleared up on the server after the first request to stop, however many more come.
        with stoppable(patient=getattr(arguments, "changes", False), last=last):
            status = verb(arguments, door)
        sys.stdout.flush()
    except IndexicalError as error:
        print(f"{door.program}: {printable(str(error)).replace(chr(10), ' ')}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        print(f"{door.program}: interrupted", file=sys.stderr)
        return interrupt.exit_code if isinstance(interrupt, Stopped) else CODES[signal.SIGINT]
    except BrokenPipeError:
        # The reader of our output has gone; silence the interpreter's own complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status
