"""SOURCE and ``--workload`` on the command line: connection URLs, snapshot files, workload files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from indexical.catalog import snapshot
from indexical.catalog.file import load
from indexical.cli.door import Door
from indexical.cli.progress import OnEvent
from indexical.errors import FileRefused, InputError, WorkloadEmpty
from indexical.model import Catalog, Workload
from indexical.pg.session import Session, connect
from indexical.pg.target import parse
from indexical.workload.sources import open_sources
from indexical.workload.statstatements import NAME


def add_source(parser: argparse.ArgumentParser, door: Door, *, snapshots: bool) -> None:
    """The SOURCE argument; at the Django door it may be left out."""
    what = "a connection URL (postgresql://...)" + (" or a snapshot file" if snapshots else "")
    if door.project is not None:
        what += "; left out: the project's own database"
    parser.add_argument(
        "source", metavar="SOURCE", nargs="?" if door.project is not None else None, help=what
    )


def add_workload(parser: argparse.ArgumentParser) -> None:
    """``--workload`` and what reading it needs; left out, the database's own counters are the workload."""
    parser.add_argument(
        "--workload",
        metavar="FILE",
        action="append",
        default=[],
        help="a capture file (.jsonl), a .sql file, a server log, a folder of them, or pg_stat_statements; repeat it to add "
        "more; left out: pg_stat_statements",
    )
    parser.add_argument(
        "--log-line-prefix",
        metavar="PREFIX",
        default="",
        help="what SHOW log_line_prefix says, for logs in stderr format; left out: guessed",
    )


def looks_like_url(source: str) -> bool:
    """Whether the text is a connection URL or keyword string rather than a file name."""
    return "://" in source or ("=" in source and not is_there(Path(source)))


def is_there(path: Path) -> bool:
    """Whether there is such a file; what cannot be the name of one is none."""
    try:
        return path.exists()
    except OSError:
        return False


def url_of(source: str | None, door: Door) -> str:
    """The connection URL to use.

    Raises:
        InputError: there is none, or the source is something else.
    """
    if source is None:
        if door.project is None:
            raise InputError("say which database: postgresql://user@host/database")
        return door.project.url()
    if not looks_like_url(source):
        raise InputError(
            f"{source!r} is not a connection URL; write one such as postgresql://user@host/database"
        )
    return source


def open_session(source: str | None, door: Door, *, read_only: bool = True) -> Session:
    return connect(url_of(source, door), read_only=read_only)


def read_catalog(source: str | None, door: Door, on_event: OnEvent | None) -> Catalog:
    """The catalog of a database or of a snapshot file."""
    if source is not None and not looks_like_url(source):
        path = Path(source)
        if not is_there(path):
            raise FileRefused(
                f"{source!r} is neither a connection URL (postgresql://...) nor a file; make a snapshot with: "
                f"{door.program} snapshot URL -o FILE"
            )
        return load(path)
    with open_session(source, door) as session:
        return snapshot(session, on_event=on_event)


def read_workload(arguments: argparse.Namespace, door: Door) -> Workload:
    """The merged workload of all sources, by the arguments of :func:`add_source` and :func:`add_workload`.

    Raises:
        InputError: there is no workload: none was named, and the source's own counters say nothing.
        WorkloadEmpty: no source holds a statement that can be examined.
    """
    named, source = arguments.workload, arguments.source
    if NAME in named or not named:
        workload = _with_counters(named or [NAME], arguments, door)
    else:
        workload = open_sources(
            named, log_line_prefix=arguments.log_line_prefix, database=_database(source, door)
        )
    return workload


def _with_counters(named: Sequence[str], arguments: argparse.Namespace, door: Door) -> Workload:
    """The workload when ``pg_stat_statements`` is part of it, which a database or a snapshot of one has."""
    source = arguments.source
    try:
        if source is not None and not looks_like_url(source):
            return open_sources(
                named,
                counters=read_catalog(source, door, None),
                log_line_prefix=arguments.log_line_prefix,
            )
        with open_session(source, door) as session:
            return open_sources(
                named,
                counters=session,
                log_line_prefix=arguments.log_line_prefix,
                database=_database(source, door),
            )
    except WorkloadEmpty as error:
        if arguments.workload:
            raise
        raise WorkloadEmpty(
            f"no --workload is given, and {error} (record a capture with: indexical capture -o FILE -- COMMAND)"
        ) from None


def _database(source: str | None, door: Door) -> str:
    """The database's name, for logs that hold several; empty when the source does not say."""
    if source is not None and not looks_like_url(source):
        return ""
    if source is None and door.project is None:
        return ""
    keywords = parse(url_of(source, door)).keywords
    return keywords.get("dbname") or keywords.get("user", "")
