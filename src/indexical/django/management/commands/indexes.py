"""``manage.py indexes VERB``: the same verbs as the console script, with the database and the models from the settings."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from indexical.cli import add_verbs, run
from indexical.cli.door import Door
from indexical.django.door import DjangoProject


class Command(BaseCommand):
    help = "Find, choose, write, apply and prove the project's database indexes."
    # The verbs work on projects whose checks fail too: a missing migration is one of the things they diagnose.
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django reads it off the class

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.project = DjangoProject()
        self.door = Door(program="manage.py indexes", project=self.project)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--database", default="default", metavar="ALIAS", help="which of DATABASES (default: default)"
        )
        add_verbs(parser, self.door)

    def handle(self, *args: Any, **options: Any) -> None:
        self.project.alias = options["database"]
        status = run(
            options["run"],
            argparse.Namespace(**options),
            self.door,
            last=getattr(self, "_called_from_command_line", False),
        )
        if status:
            sys.exit(status)
