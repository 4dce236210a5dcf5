"""A measured run of a workload: shown, saved, and compared with an earlier one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from indexical.errors import FileRefused
from indexical.model import Measurement, NotMeasured
from indexical.report import document as documents
from indexical.report import html
from indexical.report.sections import Chart, Column, Fact, Point, Section, Table
from indexical.report.units import change, milliseconds, number, plural, shorten

FORMAT = "indexical-measure"
VERSION = 1
_DRAWN = 15


@dataclass(frozen=True, slots=True)
class Run:
    server_version: str
    """``18.6``"""
    read_ms: float
    """The whole workload's reads once, milliseconds."""
    reads: tuple[Measurement, ...]
    not_measured: tuple[NotMeasured, ...] = ()
    made_at: str = ""
    """When it ended, in ISO 8601; empty when unknown."""


def render_json(run: Run) -> str:
    """The run as a file; plans are left out, since they may show values."""
    reads = [{key: value for key, value in asdict(read).items() if key != "plan"} for read in run.reads]
    document = {
        "format": FORMAT,
        "version": VERSION,
        "server_version": run.server_version,
        "made_at": run.made_at,
        "read_ms": run.read_ms,
        "reads": reads,
        "not_measured": [asdict(item) for item in run.not_measured],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def load(path: Path) -> Run:
    """Reads a saved run.

    Raises:
        FileRefused: the file is missing or is not a run of a version this program knows.
    """
    document = documents.read(path, "a measured run", f"save one with: measure -o {path}")
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise FileRefused(
            f"{path} is not a measured run of version {VERSION}; save one with: measure -o {path}"
        )
    try:
        reads = tuple(
            Measurement(
                id=str(raw["id"]),
                calls=float(raw["calls"]),
                runs=int(raw["runs"]),
                median_ms=float(raw["median_ms"]),
                p95_ms=float(raw["p95_ms"]),
                mean_ms=float(raw["mean_ms"]),
                buffers=int(raw["buffers"]),
                rows=float(raw["rows"]),
                indexes=tuple(str(name) for name in raw["indexes"]),
            )
            for raw in document["reads"]
        )
        read_ms = float(document["read_ms"])
    except (KeyError, OverflowError, TypeError, ValueError):
        raise FileRefused(f"{path} is damaged; measure again") from None
    made_at = str(document.get("made_at", ""))
    return Run(str(document.get("server_version", "")), read_ms, reads, made_at=made_at)


def page(run: Run, before: Run | None = None) -> str:
    """The run as an HTML page."""
    earlier = f", compared with a run of {before.made_at or 'an unknown time'}" if before is not None else ""
    return html.render_sections(
        sections(run, before),
        title="Measured reads",
        subtitle=f"PostgreSQL {run.server_version}{earlier}",
        made_at=run.made_at,
    )


def sections(run: Run, before: Run | None = None) -> tuple[Section, ...]:
    """The run, or the comparison with an earlier one, dearest statements first."""
    total = f"The workload's reads once: {milliseconds(run.read_ms)} on PostgreSQL {run.server_version}."
    lines = (total,) if before is None else (total, _comparison(run, before))
    title = f"Measured ({plural(len(run.reads), 'statement')})"
    result = [
        Section(title, lines, _table(run, before), facts=_facts(run, before), charts=_charts(run, before))
    ]
    if run.not_measured:
        result.append(
            Section(
                f"Not measured ({len(run.not_measured)})",
                (),
                Table(
                    (Column("statement"), Column("why")),
                    tuple((shorten(item.what, 60), shorten(item.reason, 100)) for item in run.not_measured),
                ),
            )
        )
    return tuple(result)


def _facts(run: Run, before: Run | None) -> tuple[Fact, ...]:
    facts = [
        Fact("The workload's reads once", milliseconds(run.read_ms), "medians, weighted by calls"),
        Fact("Statements measured", str(len(run.reads)), f"{len(run.not_measured)} not measured"),
    ]
    shared = _shared(run, before)
    if shared is not None:
        facts.append(
            Fact("Change", change(*shared), f"from {milliseconds(shared[0])}, over what both runs measured")
        )
    return tuple(facts)


def _charts(run: Run, before: Run | None) -> tuple[Chart, ...]:
    """The dearest statements, now and before."""
    earlier = {read.id: read for read in before.reads} if before else {}
    dearest = sorted(run.reads, key=lambda read: (-read.calls * read.median_ms, read.id))[:_DRAWN]
    if before is not None:
        dearest = [read for read in dearest if read.id in earlier]
    series = ("before", "now") if before is not None else ("now",)
    points = tuple(
        Point(read.id, (earlier[read.id].median_ms, read.median_ms) if before else (read.median_ms,))
        for read in dearest
    )
    caption = (
        f"The median of one execution of the {plural(len(points), 'statement')} that cost the workload most; the figures are in "
        "the table."
    )
    return (Chart("bars", "One execution", caption, "milliseconds", "", series, points),) if points else ()


def _shared(run: Run, before: Run | None) -> tuple[float, float] | None:
    """Milliseconds before and now over what both runs measured, each statement weighed by its calls now."""
    earlier = {read.id: read for read in before.reads} if before else {}
    both = [read for read in run.reads if read.id in earlier]
    if not both:
        return None
    old = sum(read.calls * earlier[read.id].median_ms for read in both)
    return old, sum(read.calls * read.median_ms for read in both)


def _comparison(run: Run, before: Run) -> str:
    """Both totals over what both runs measured, each statement weighed by its calls now: the rest proves nothing."""
    earlier = {read.id: read for read in before.reads}
    shared = [read for read in run.reads if read.id in earlier]
    if not shared:
        return "No statement was measured in both runs: there is nothing to compare."
    old, new = _shared(run, before) or (0.0, 0.0)
    text = (
        f"Measured in both runs: {plural(len(shared), 'statement')}, before {milliseconds(old)}, now {milliseconds(new)} "
        f"({change(old, new)})."
    )
    gone = sorted(earlier.keys() - {read.id for read in run.reads})
    return f"{text} Only measured before: {', '.join(gone)}." if gone else text


def _table(run: Run, before: Run | None) -> Table:
    earlier = {read.id: read for read in before.reads} if before else {}
    columns = [
        Column("statement"),
        Column("calls", True),
        Column("median", True),
        Column("p95", True),
        Column("buffers", True),
    ]
    if before is not None:
        columns += [Column("median before", True), Column("change", True)]
    columns.append(Column("indexes"))
    rows = []
    for read in sorted(run.reads, key=lambda read: (-read.calls * read.median_ms, read.id)):
        row = [
            shorten(read.id, 48),
            number(read.calls),
            milliseconds(read.median_ms),
            milliseconds(read.p95_ms),
            number(read.buffers),
        ]
        if before is not None:
            old = earlier.get(read.id)
            row += (
                [milliseconds(old.median_ms), change(old.median_ms, read.median_ms)]
                if old
                else ["not measured", "n/a"]
            )
        row.append(shorten(", ".join(read.indexes), 60) or "—")
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows))
