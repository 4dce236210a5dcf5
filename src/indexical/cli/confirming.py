"""The options of ``advise --confirm``, and what they ask for."""

from __future__ import annotations

import argparse

from indexical.cli.door import Door
from indexical.cli.progress import OnEvent
from indexical.cli.source import url_of
from indexical.confirm import Effort, check_mark, confirm
from indexical.errors import InputError
from indexical.model import Advice, Workload


def configure(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("confirmation")
    group.add_argument(
        "--confirm",
        action="store_true",
        help="build the advice and execute its statements in the source itself, which must be marked as disposable",
    )
    group.add_argument(
        "--confirm-on",
        metavar="URL",
        help="the same in this database: a copy of the data, marked by ALTER DATABASE name SET indexical.disposable = on",
    )
    group.add_argument(
        "--confirm-writes",
        action="store_true",
        help="execute statements that write as well, each in a transaction that is rolled back",
    )
    group.add_argument(
        "--keep", action="store_true", help="leave the confirmed indexes in the disposable database"
    )


def disposable_url(arguments: argparse.Namespace, door: Door) -> str:
    """Where the advice is to be tried; empty when it is not.

    Raises :class:`InputError` when that database is not marked as disposable, before any time is spent on advice.
    """
    if not (arguments.confirm or arguments.confirm_on):
        if arguments.keep or arguments.confirm_writes:
            raise InputError("--keep and --confirm-writes belong to --confirm or --confirm-on URL; add one")
        return ""
    url: str = arguments.confirm_on or url_of(arguments.source, door)
    check_mark(url)
    return url


def confirmed(
    url: str, arguments: argparse.Namespace, workload: Workload, advice: Advice, on_event: OnEvent | None
) -> Advice:
    """The advice, tried as the arguments say."""
    effort = Effort(writes=arguments.confirm_writes)
    return confirm(url, workload, advice, effort=effort, keep=arguments.keep, on_event=on_event)
