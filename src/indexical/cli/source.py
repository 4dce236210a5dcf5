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
from indexical.workload.sources import open_sources


def add_source(parser: argparse.ArgumentParser, door: Door, *, snapshots: bool) -> None:
    """The SOURCE argument; at the Django door it may be left out."""
    what = "a connection URL (postgresql://...)" + (" or a snapshot file" if snapshots else "")
    if door.project is not None:
        what += "; left out: the project's own database"
    parser.add_argument(
        "source", metavar="SOURCE", nargs="?" if door.project is not None else None, help=what
    )


def add_workload(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument(
        "--workload",
        metavar="FILE",
        action="append",
        default=[],
        required=required,
        help="a capture file (.jsonl), a .sql file or a folder of them; repeat it to add more",
    )


def looks_like_url(source: str) -> bool:
    """Whether the text is a connection URL or keyword string rather than a file name."""
    return "://" in source or ("=" in source and not Path(source).exists())


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
        if not path.exists():
            raise FileRefused(
                f"{source!r} is neither a connection URL (postgresql://...) nor a file; make a snapshot with: "
                f"{door.program} snapshot URL -o FILE"
            )
        return load(path)
    with open_session(source, door) as session:
        return snapshot(session, on_event=on_event)


def read_workload(paths: Sequence[str]) -> Workload:
    """The merged workload of all files.

    Raises:
        WorkloadEmpty: no file holds a statement that can be examined.
    """
    workload = open_sources(paths)
    if not workload.statements:
        skipped = (
            f" ({len(workload.skipped)} skipped, the first: {workload.skipped[0].why})"
            if workload.skipped
            else ""
        )
        raise WorkloadEmpty(
            f"there is no statement to examine in {', '.join(paths)}{skipped}; "
            "record some with: indexical capture -o FILE -- COMMAND"
        )
    return workload
