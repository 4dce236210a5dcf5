"""``snapshot``: schema, statistics, settings and index use into one file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from indexical.catalog import snapshot
from indexical.catalog.file import save
from indexical.cli.door import Door
from indexical.cli.progress import progress
from indexical.cli.source import add_source, open_session
from indexical.report.units import plural, size

HELP = "Write schema, statistics, settings and index use to one file; reads only."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="the snapshot file; readable by its owner only"
    )


def run(arguments: argparse.Namespace, door: Door) -> int:
    with open_session(arguments.source, door) as session, progress() as on_event:
        catalog = snapshot(session, on_event=on_event)
    path = Path(arguments.output)
    save(catalog, path)
    indexes = sum(1 for _ in catalog.indexes())
    print(
        f"{path}: {plural(len(catalog.tables), 'table')}, {plural(indexes, 'index', 'indexes')}, {size(path.stat().st_size)}. "
        "It holds sample values of columns: treat it as you treat the data."
    )
    for what, why in catalog.not_examined:
        print(f"not examined: {what}: {why}", file=sys.stderr)
    return 0
