"""``manage.py analyze_indexes``: the most used indexes and the unused ones, of the project's own database.

The short way to what ``manage.py indexes usage`` says at length.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from indexical.cli import run, units
from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.source import open_session
from indexical.cli.using import examine
from indexical.cli.verbs.usage import taken_with
from indexical.django.door import DjangoProject
from indexical.model import Limits
from indexical.model.using import Usage
from indexical.report import markdown
from indexical.report.text import render_sections
from indexical.report.usage import most_used_section, unused_section, usage_sections
from indexical.report.usage_json import render_usage


class Command(BaseCommand):
    help = "Print the most used indexes and the unused ones, with the window that each verdict rests on."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django reads it off the class

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--database", default="default", metavar="ALIAS", help="which of DATABASES (default: default)"
        )
        parser.add_argument(
            "--limit", metavar="N", type=units.count, default=20,
            help="how many of the most used to show (default 20)",
        )  # fmt: skip
        parser.add_argument(
            "--unused-after", metavar="TIME", type=units.seconds, default=Limits().unused_after,
            help="how long an index must have gone without scans to be called unused (default 7d)",
        )  # fmt: skip
        parser.add_argument("--node", metavar="URL", action="append", default=[],
                            help="another server of the cluster, whose counters are added")  # fmt: skip
        parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        door = Door("manage.py analyze_indexes", DjangoProject(options["database"]))
        status = run(_show, argparse.Namespace(**options), door)
        if status:
            sys.exit(status)


def _show(arguments: argparse.Namespace, door: Door) -> int:
    with open_session(None, door) as session:
        taken = taken_with(session, arguments.node, door, None)
        usage = examine(session, taken, unused_after=arguments.unused_after)
    emit(_rendered(usage, arguments.format, arguments.limit), None)
    return 0


def _rendered(usage: Usage, format: str, limit: int) -> str:
    if format == "json":
        return render_usage(usage)
    summary = usage_sections(usage)[0]
    early = [each for each in usage_sections(usage) if each.title.startswith("Too early")]
    sections = (summary, most_used_section(usage, limit), unused_section(usage), *early)
    if format == "markdown":
        return markdown.render_sections(sections)
    width, color = terminal()
    return render_sections(sections, width=width, color=color)
