"""``snapshot``: schema, statistics, settings and index use into one file."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from indexical.catalog import snapshot
from indexical.catalog.file import save
from indexical.catalog.values import without_values
from indexical.cli.door import Door
from indexical.cli.progress import OnEvent, progress
from indexical.cli.source import add_source, open_session, url_of
from indexical.cli.statements import with_statements
from indexical.errors import InputError
from indexical.model import Catalog
from indexical.pg.session import connect
from indexical.report.units import plural, size

HELP = "Write schema, statistics, settings and index use to one file; reads only."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="the snapshot file; readable by its owner only"
    )
    parser.add_argument(
        "--replica",
        metavar="URL",
        action="append",
        default=[],
        help="a standby of the source, whose index scans are added to the source's; repeat it for each",
    )
    parser.add_argument(
        "--no-values",
        action="store_true",
        help="leave out most common values, histogram bounds and extremes; plans on skewed columns are less exact",
    )


def run(arguments: argparse.Namespace, door: Door) -> int:
    with progress() as on_event:
        catalog = _taken(arguments, door, on_event)
    if arguments.no_values:
        catalog = without_values(catalog)
    path = Path(arguments.output)
    save(catalog, path)
    print(f"{path}: {_contents(catalog)}, {size(path.stat().st_size)}. {_privacy(catalog)}")
    for node in catalog.nodes:
        since = node.statistics_since or "an unknown reset"
        print(f"{node.name}: {plural(node.scans, 'index scan')} since {since}")
    for right, cost in catalog.missing_rights:
        print(f"right missing: {right}: {cost}", file=sys.stderr)
    for what, why in catalog.not_examined:
        print(f"not examined: {what}: {why}", file=sys.stderr)
    return 0


def _taken(arguments: argparse.Namespace, door: Door, on_event: OnEvent | None) -> Catalog:
    with ExitStack() as stack:
        # Every server is tried before the first is read: a wrong URL should not cost a snapshot.
        session = stack.enter_context(open_session(arguments.source, door))
        replicas = [stack.enter_context(connect(_replica_url(url, door))) for url in arguments.replica]
        catalog = snapshot(session, on_event=on_event, replicas=replicas)
        return with_statements(catalog, session, values=not arguments.no_values)


def _replica_url(text: str, door: Door) -> str:
    if not text:
        raise InputError("--replica needs a connection URL such as postgresql://user@host/database")
    return url_of(text, door)


def _contents(catalog: Catalog) -> str:
    indexes = sum(1 for _ in catalog.indexes())
    parts = [plural(len(catalog.tables), "table"), plural(indexes, "index", "indexes")]
    if catalog.statements:
        parts.append(plural(len(catalog.statements), "statement"))
    return ", ".join(parts)


def _privacy(catalog: Catalog) -> str:
    if catalog.values_left_out:
        return "Sample values are left out; names, definitions and literals in them are not."
    return "It holds sample values of columns: treat it as you treat the data."
