"""``why``: the cause for which a query does not use an index, proven by planning it with that cause taken away."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from indexical.catalog.file import load
from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.progress import progress
from indexical.cli.source import (
    add_source,
    add_workload,
    looks_like_url,
    open_session,
    read_catalog,
    read_workload,
)
from indexical.diagnose import diagnose, reduced
from indexical.errors import FileRefused, InputError
from indexical.model import Statement, Workload
from indexical.report import html, markdown
from indexical.report.diagnosis import diagnosis_sections, render_json
from indexical.report.text import render_sections
from indexical.twin.engine import find

HELP = "Say why a query does not use an index (or this one), with the plan that proves it, and what to do."
_MOST = 200_000
_FORMATS = ("text", "json", "markdown", "html")


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=True)
    parser.add_argument(
        "query", metavar="QUERY", nargs="?",
        help="the SQL, @FILE, - for standard input, or with --workload the id of one of its statements",
    )  # fmt: skip
    parser.add_argument(
        "--index", metavar="NAME", help="the index that should be used; left out: any that comes near"
    )
    parser.add_argument(
        "--value", metavar="TEXT", action="append", default=[], help="a value for $1, $2 ...; repeat it"
    )
    parser.add_argument("--node", metavar="FILE", action="append", default=[],
                        help="a snapshot of another node, to see whether it has the index; may be repeated")  # fmt: skip
    parser.add_argument(
        "--engine", metavar="DIR", help="programs of the PostgreSQL that the planner twin runs on"
    )
    parser.add_argument("--format", choices=_FORMATS, default="text", help="of the result; default: text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to standard output")
    add_workload(parser)


def run(arguments: argparse.Namespace, door: Door) -> int:
    source, query = arguments.source, arguments.query
    if query is None:
        # At the Django door the only word is the query: the database is the project's.
        source, query = None, source
    if query is None:
        raise InputError("say which query: its SQL, @FILE, or - for standard input")
    arguments.source = source
    workload = read_workload(arguments, door) if arguments.workload else None
    statement = _statement(arguments, workload, query)
    engine = find(arguments.engine) if arguments.engine else None
    others = tuple((Path(file).name, load(Path(file))) for file in arguments.node)
    with progress() as on_event:
        catalog = reduced(read_catalog(source, door, on_event), statement)
        with ExitStack() as stack:
            snapshot_file = source is not None and not looks_like_url(source)
            session = None if snapshot_file else stack.enter_context(open_session(source, door))
            found = diagnose(
                statement,
                catalog,
                index=arguments.index or "",
                session=session,
                others=others,
                workload=workload,
                engine=engine,
                on_event=on_event,
            )
    width, color = terminal()
    sections = diagnosis_sections(found)
    match arguments.format:
        case "json":
            text = render_json(found)
        case "markdown":
            text = markdown.render_sections(sections)
        case "html":
            text = html.render_sections(
                sections, title="Why", subtitle=catalog.database, made_at=catalog.taken_at
            )
        case _:
            text = render_sections(sections, width=width, color=color and not arguments.output)
    emit(text, arguments.output)
    return 0


def _statement(arguments: argparse.Namespace, workload: Workload | None, query: str) -> Statement:
    if workload is not None:
        found = workload.statement(query)
        if found is None:
            raise InputError(
                f"the workload has no statement with the id {query!r}; advise --format json lists them"
            )
        return found
    sql = _text(query).strip().rstrip(";").strip()
    if not sql:
        raise InputError("the query is empty; give its SQL, @FILE, or - for standard input")
    values = tuple(arguments.value)
    return Statement("query", sql, samples=(values,) if values else ())


def _text(query: str) -> str:
    if query == "-":
        return sys.stdin.read(_MOST)
    if not query.startswith("@"):
        return query
    path = Path(query[1:])
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_MOST)
    except (OSError, UnicodeDecodeError) as error:
        raise FileRefused(f"the query cannot be read from {path}: {error}") from None
