"""``manage.py load_data``: fill an empty database with sample data."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS

from datagen.handles import make_handles
from datagen.loader import load
from datagen.scale import SCALES, Scale, scale_of

_YEARS = range(1975, 2501)


def parse_now(text: str | None) -> dt.datetime:
    """The end of the data's two years: the given moment, or the start of today (UTC)."""
    if text is None:
        return dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        now = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            f"--now {text!r} is not a date or time; write it like 2026-03-01 or 2026-03-01T08:30:00+00:00."
        ) from error
    if now.year not in _YEARS:
        raise CommandError(f"--now {text!r} must lie between the years {_YEARS[0]} and {_YEARS[-1]}.")
    return now if now.tzinfo else now.replace(tzinfo=dt.UTC)


def chosen_scale(name: str | None, courses: int | None) -> Scale:
    """The scale of that name or with that many courses."""
    if courses is None:
        return SCALES[name or "small"]
    try:
        return scale_of(courses)
    except ValueError as error:
        raise CommandError(f"--courses {courses}: {error}.") from error


class Command(BaseCommand):
    help = (
        "Fill the empty tables with sample data: courses, what learners did with them, pages and the forum."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        size = parser.add_mutually_exclusive_group()
        size.add_argument("--scale", choices=sorted(SCALES), help="how many rows (default: small)")
        size.add_argument(
            "--courses", type=int, metavar="N", help="the number of courses, everything else in proportion"
        )
        parser.add_argument(
            "--seed", type=int, default=1, help="the same seed and --now give the same rows (default: 1)"
        )
        parser.add_argument(
            "--now", help="last moment of the data, ISO 8601 (default: the start of today, UTC)"
        )
        parser.add_argument(
            "--handles", type=Path, metavar="FILE", help="also write what traffic/drive.py needs to FILE"
        )
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="alias of the database to fill")

    def handle(self, **options: Any) -> None:
        scale = chosen_scale(options["scale"], options["courses"])
        seed, now, database = options["seed"], parse_now(options["now"]), options["database"]

        def report(table: str, rows: int) -> None:
            if options["verbosity"] > 0:
                self.stdout.write(f"{table:40}{rows:>10,}")

        load(scale, seed, now, database, report)
        target: Path | None = options["handles"]
        if target is not None:
            try:
                target.write_text(json.dumps(make_handles(database), indent=1) + "\n", encoding="utf-8")
            except OSError as error:
                raise CommandError(
                    f"The rows are loaded, but {target} cannot be written: {error.strerror}."
                ) from error
