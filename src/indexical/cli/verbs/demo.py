"""``demo``: the whole story on an embedded PostgreSQL, with nothing to set up."""

from __future__ import annotations

import argparse
from pathlib import Path

from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.demo import EXAMPLES, SCALES, run_demo
from indexical.report.text import render_sections
from indexical.report.three_ways import render_json, report, sections

HELP = "Walk the whole line on a bundled Django project and an embedded PostgreSQL; nothing to set up."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    parser.add_argument(
        "example", nargs="?", choices=EXAMPLES, default=EXAMPLES[0], help="the project to walk with"
    )
    parser.add_argument(
        "--scale", choices=SCALES, default="guide", help="guide: the published size; small: 1/20 of it"
    )
    parser.add_argument(
        "--keep", metavar="DIR", help="keep the database, the edited project and every file there"
    )
    parser.add_argument(
        "--study",
        action="store_true",
        help="also measure it served over HTTP, under load and at other sizes, and hold the guide's claims against the figures",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of the result; default: text"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the three-way table there as JSON")
    parser.add_argument(
        "--report", metavar="FILE", help="write all tables there: HTML, or Markdown for a name in .md"
    )


def run(arguments: argparse.Namespace, door: Door) -> int:
    width, color = terminal()
    result = run_demo(
        arguments.example,
        arguments.scale,
        studied=arguments.study,
        keep=Path(arguments.keep) if arguments.keep else None,
        quiet=arguments.format == "json" and not arguments.output,
        width=width,
        color=color,
    )
    if arguments.output or arguments.format == "json":
        emit(render_json(result), arguments.output)
    if arguments.report:
        emit(report(result, arguments.report), arguments.report)
    if arguments.output or arguments.format == "text":
        print(render_sections(sections(result), width=width, color=color), end="")
    return 0
