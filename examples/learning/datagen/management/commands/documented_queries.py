"""``manage.py documented_queries``: the queries of the platform's documents and pages as a weighted SQL file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from datagen.documented import content, forum, learning
from datagen.documented.samples import samples

PATTERNS = (*learning.PATTERNS, *content.PATTERNS, *forum.PATTERNS)

CALLS = 8


class Command(BaseCommand):
    help = "Write the documented queries S1 to F10, with values taken from the data, as SQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "-o", "--output", type=Path, required=True, metavar="FILE", help="the SQL file to write"
        )
        parser.add_argument(
            "--samples", type=int, default=8, help="different values per query, at most (default: 8)"
        )
        parser.add_argument(
            "--calls", type=int, default=CALLS, help=f"total weight of an ordinary query (default: {CALLS})"
        )
        parser.add_argument(
            "--seed", type=int, default=1, help="the same seed and data give the same file (default: 1)"
        )
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, help="alias of the database to take values from"
        )

    def handle(self, **options: Any) -> None:
        if options["samples"] < 1 or options["calls"] < 1:
            raise CommandError("--samples and --calls must be at least 1.")
        if connections[options["database"]].vendor != "postgresql":
            raise CommandError("The queries are written as PostgreSQL reads them; use a PostgreSQL database.")
        lines = [
            f"-- {len(PATTERNS)} queries that the platform's documents name and its pages ask, with values taken from the data.",
            f"-- A query weighs {options['calls']} calls, a frequent one a multiple of it; made with --seed {options['seed']}.",
            "",
        ]
        try:
            for sample in samples(
                PATTERNS, options["database"], options["seed"], options["samples"], options["calls"]
            ):
                lines += [f"-- indexical: id={sample.id} calls={sample.calls}", f"{sample.sql};", ""]
        except LookupError as error:
            raise CommandError(str(error)) from error
        try:
            options["output"].write_text("\n".join(lines), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from error
        if options["verbosity"] > 0:
            self.stdout.write(f"{len(PATTERNS)} queries written to {options['output']}")
