"""``advise``: the best index set for a workload."""

from __future__ import annotations

import argparse
import sys

from indexical.advise import advise_catalog, advise_hypopg
from indexical.cli import confirming, units
from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.progress import OnEvent, progress
from indexical.cli.source import (
    add_source,
    add_workload,
    looks_like_url,
    read_catalog,
    read_workload,
    url_of,
)
from indexical.errors import InputError
from indexical.model import Advice, Catalog, Limits, Workload
from indexical.report import FORMATS, render

HELP = "Say which indexes to create and which to drop for a workload, why, and what was not examined."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=True)
    add_workload(parser)
    add_limits(parser)
    confirming.configure(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the result; default: text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to standard output")
    parser.add_argument("--save", metavar="FILE", help="save the advice as JSON, for write, apply and verify")


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Everything that bounds the advice."""
    defaults = Limits()
    group = parser.add_argument_group("limits")
    group.add_argument(
        "--storage-budget", metavar="SIZE", type=units.size, help="what new indexes may take, such as 500MB"
    )
    group.add_argument(
        "--max-write-overhead",
        metavar="SHARE",
        type=units.share,
        help="how much dearer writes may get, such as 20%%",
    )
    group.add_argument("--max-indexes", metavar="N", type=units.count, help="how many new indexes at most")
    group.add_argument(
        "--max-table-indexes",
        metavar="N",
        type=units.count,
        help="how many new indexes on any one table at most",
    )
    group.add_argument(
        "--min-benefit",
        metavar="SHARE",
        type=units.share,
        default=defaults.min_benefit,
        help="what an index must save of all reads, its upkeep taken off (default 0.2%%)",
    )
    group.add_argument(
        "--frontier",
        action="store_true",
        help="say as well what smaller and larger storage budgets would bring",
    )
    group.add_argument(
        "--max-width",
        metavar="N",
        type=units.count,
        default=defaults.max_width,
        help="key columns at most (default %(default)s)",
    )
    group.add_argument(
        "--unused-after",
        metavar="TIME",
        type=units.seconds,
        default=defaults.unused_after,
        help="how long an index must have gone without scans to be called unused (default 7d)",
    )
    group.add_argument("--only", choices=("create", "drop"), default="", help="only creates, or only drops")
    group.add_argument(
        "--kinds",
        metavar="KINDS",
        type=units.kinds,
        default=units.KINDS,
        help=f"access methods, comma-separated; by default all: {','.join(units.KINDS)}",
    )
    group.add_argument(
        "--planner",
        choices=("twin", "hypopg"),
        default="twin",
        help="who answers what-if questions: the planner twin, or HypoPG in the database itself",
    )
    group.add_argument(
        "--engine",
        metavar="DIR",
        help="programs of the PostgreSQL that the planner twin runs on; by default one of the server's own version, else"
        " the bundled one",
    )
    group.add_argument(
        "--deadline",
        metavar="TIME",
        type=units.seconds,
        default=defaults.deadline,
        help="for the whole advice (default 60s)",
    )


def limits_of(arguments: argparse.Namespace) -> Limits:
    return Limits(
        storage_budget=arguments.storage_budget,
        max_write_overhead=arguments.max_write_overhead,
        max_indexes=arguments.max_indexes,
        max_table_indexes=arguments.max_table_indexes,
        max_width=arguments.max_width,
        kinds=arguments.kinds,
        min_benefit=arguments.min_benefit,
        frontier=arguments.frontier,
        unused_after=arguments.unused_after,
        only=arguments.only,
        deadline=arguments.deadline,
    )


def make_advice(arguments: argparse.Namespace, door: Door, on_event: OnEvent | None) -> Advice:
    """The advice for the arguments of :func:`configure`, in the project's terms at the Django door."""
    disposable = confirming.disposable_url(arguments, door)
    workload = read_workload(arguments, door)
    _refuse_hypopg_on_a_file(arguments)
    catalog = read_catalog(arguments.source, door, on_event)
    advice = advised(arguments, door, workload, catalog, on_event)
    if disposable:
        advice = confirming.confirmed(disposable, arguments, workload, advice, on_event)
    return door.project.annotate(advice) if door.project is not None else advice


def advised(
    arguments: argparse.Namespace,
    door: Door,
    workload: Workload,
    catalog: Catalog,
    on_event: OnEvent | None,
) -> Advice:
    """The advice for a workload and a catalog, by the arguments of :func:`add_limits`, in terms of the database."""
    _refuse_hypopg_on_a_file(arguments)
    limits = limits_of(arguments)
    if arguments.planner == "hypopg":
        url = url_of(arguments.source, door)
        return advise_hypopg(url, workload, catalog, limits, on_event=on_event)
    return advise_catalog(workload, catalog, limits, engine=arguments.engine, on_event=on_event)


def _refuse_hypopg_on_a_file(arguments: argparse.Namespace) -> None:
    source = arguments.source
    if arguments.planner == "hypopg" and source is not None and not looks_like_url(source):
        raise InputError(
            f"--planner hypopg asks the database itself, and {source!r} is not a connection URL; give one, or leave out"
            " --planner to use the planner twin"
        )


def run(arguments: argparse.Namespace, door: Door) -> int:
    with progress() as on_event:
        advice = make_advice(arguments, door, on_event)
    if arguments.save:
        emit(render(advice, "json"), arguments.save)
    width, color = terminal()
    emit(
        render(advice, arguments.format, width=width, color=color and not arguments.output), arguments.output
    )
    if arguments.output:
        print(f"advice written to {arguments.output}", file=sys.stderr)
    return 0
