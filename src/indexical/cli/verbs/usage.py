"""``usage``: how each index is used, over which window that is known, and what may be said of it.

With ``--sample`` the counters are kept for later, with ``--review`` a period is reported from what was kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from indexical.cli import units
from indexical.cli.door import Door
from indexical.cli.output import emit, terminal
from indexical.cli.progress import progress
from indexical.cli.records import SAMPLES, records_folder, shown
from indexical.cli.source import add_source, open_session
from indexical.cli.using import PRIMARY, Taken, examine, take
from indexical.errors import InputError
from indexical.model import Limits
from indexical.model.using import Review, Usage
from indexical.pg.session import Session
from indexical.report import html, markdown
from indexical.report.review import review_sections
from indexical.report.sections import Section
from indexical.report.text import render_sections
from indexical.report.units import plural
from indexical.report.usage import usage_sections
from indexical.report.usage_json import render_usage
from indexical.usage import PERIODS, SampleStore, Store, review

HELP = "Say how each index is used, what is unused, redundant, invalid or bloated, and over which window that is known."
_FORMATS = ("text", "json", "markdown", "html")
_KEEP_S = 400 * 86_400.0


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    add_source(parser, door, snapshots=False)
    add_servers(parser)
    parser.add_argument(
        "--unused-after",
        metavar="TIME",
        type=units.seconds,
        default=Limits().unused_after,
        help="how long an index must have gone without scans on every server to be called unused (default 7d)",
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=units.count,
        default=20,
        help="how many of the most used to show (default 20)",
    )
    parser.add_argument(
        "--exact-bloat",
        action="store_true",
        help="measure bloat by pgstattuple, which reads every index whole; left out: estimated from statistics",
    )
    parser.add_argument(
        "--sample",
        action="store_true",
        help="keep a sample of the counters, print one line, and be done: for cron",
    )
    parser.add_argument(
        "--keep",
        metavar="TIME",
        type=units.seconds,
        default=_KEEP_S,
        help="with --sample: remove samples older than this (default 400d)",
    )
    parser.add_argument(
        "--review", choices=tuple(PERIODS), help="report this period from the samples that were kept"
    )
    parser.add_argument("--format", choices=_FORMATS, default="text", help="of the result; default: text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to standard output")


def add_servers(parser: argparse.ArgumentParser) -> None:
    """Which servers' counters count, and where those of earlier are kept."""
    parser.add_argument(
        "--node",
        metavar="URL",
        action="append",
        default=[],
        help="another server of the cluster, whose counters are added; repeat it for each standby",
    )
    parser.add_argument(
        "--samples",
        metavar="FILE",
        help=f"where samples are kept; left out: .indexical/{SAMPLES}, or where the project's settings say",
    )


def run(arguments: argparse.Namespace, door: Door) -> int:
    if arguments.sample and (arguments.review or arguments.exact_bloat or arguments.format != "text"):
        raise InputError(
            "--sample only keeps the counters and prints one line; leave out --review, --exact-bloat and --format"
        )
    with open_session(arguments.source, door) as session, progress() as on_event:
        if arguments.sample:
            with samples_at(arguments.samples, door, create=True) as (store, where):
                line = _keep(take(session, arguments.node, door), store, where, arguments.keep)
            emit(line + "\n", arguments.output)
            return 0
        taken = taken_with(session, arguments.node, door, arguments.samples)
        usage = examine(
            session,
            taken,
            unused_after=arguments.unused_after,
            exact_bloat=arguments.exact_bloat,
            on_event=on_event,
        )
    found = review(arguments.review, taken.every, usage) if arguments.review else None
    width, color = terminal()
    plain = arguments.output is not None or not color
    emit(
        rendered(usage, found, arguments.format, limit=arguments.limit, width=width, color=not plain),
        arguments.output,
    )
    return 0


def taken_with(session: Session, nodes: Sequence[str], door: Door, samples: str | None) -> Taken:
    """The counters of now and those that were kept, where any were."""
    with samples_at(samples, door, create=False) as (store, _):
        return take(session, nodes, door, store=store)


@contextmanager
def samples_at(path: str | None, door: Door, *, create: bool) -> Iterator[tuple[SampleStore | None, str]]:
    """The store of samples and what to call it; ``None`` when there is none yet and none is to be made.

    Raises :class:`indexical.errors.FileRefused` when a file is not one of samples, or cannot be made.
    """
    own = door.project.samples() if path is None and door.project is not None else None
    if own is not None:
        yield own, "the project's database"
        return
    place = Path(path) if path is not None else records_folder(create) / SAMPLES
    if path is not None and not create and not place.exists():
        raise InputError(
            f"{path} is not there; take the first sample with: {door.program} usage --sample --samples {path}"
        )
    if not create and not place.exists():
        yield None, shown(place)
        return
    with Store(place) as store:
        yield store, shown(place)


def _keep(taken: Taken, store: SampleStore | None, where: str, keep: float) -> str:
    if store is None:
        raise InputError("there is nowhere to keep a sample; name a file with --samples FILE")
    first = taken.now[PRIMARY]
    for each in taken.now.values():
        store.add(each)
    before = datetime.fromisoformat(first.taken_at) - timedelta(seconds=keep)
    forgotten = store.forget(before.isoformat(timespec="microseconds"))
    nodes = ", ".join(taken.now)
    parts = [
        f"{first.taken_at[:19]}Z",
        f"{first.state.database} on {nodes}:",
        f"{plural(len(first.indexes), 'index', 'indexes')}, {plural(len(first.tables), 'table')},",
        f"{plural(len(first.statements), 'statement')} kept in {where}",
    ]
    if first.statements_missing:
        parts.append(f"({first.statements_missing})")
    if forgotten:
        parts.append(f"({plural(forgotten, 'old sample')} removed)")
    return " ".join(parts)


def rendered(
    usage: Usage, found: Review | None, format: str, *, limit: int, width: int = 120, color: bool = False
) -> str:
    """The report, or the review when there is one, in one of the formats."""
    if format == "json":
        return render_usage(usage, found)
    full = format != "text"
    sections: tuple[Section, ...] = (
        usage_sections(usage, limit=limit, full=full) if found is None else review_sections(found)
    )
    if format == "markdown":
        return markdown.render_sections(sections)
    if format == "html":
        title, (head, *rest) = sections[0].title, sections
        return html.render_sections(
            (replace(head, title="Servers" if found is None else "The period"), *rest),
            title=title,
            subtitle=f"{usage.database}, PostgreSQL {usage.server_version // 10000}.{usage.server_version % 10000}",
            made_at=usage.taken_at,
        )
    return render_sections(sections, width=width, color=color)
