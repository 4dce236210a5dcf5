"""The demo's final table: prior indexes, the guide's set and Indexical's, measured on the same rows and workload."""

from __future__ import annotations

import json
from typing import Any

from indexical.model import Measurement, ThreeWays, Way
from indexical.report import dominance, html, markdown, study
from indexical.report.measured_file import storage_json
from indexical.report.sections import Column, Section, Table
from indexical.report.units import milliseconds, number, plural, share, shorten, size

VERSION = 1
STATEMENTS = 14
"""Rows of the per-statement table in the text form; JSON has all."""
SLOWER = 1.25
"""A statement counts as slower than with the guide's set from this ratio on ..."""
NOISE_MS = 0.05
"""... and from this difference of its median on, in milliseconds: below it lies the noise of one execution."""
NOT_MEASURED = "not measured"
MISSED = 6
"""How many of the things not measured for one reason the text form names; JSON has all."""


def document(result: ThreeWays) -> dict[str, Any]:
    return {
        "version": VERSION,
        "example": result.example,
        "scale": result.scale,
        "server_version": result.server_version,
        "ways": {way.name: _way(way) for way in result.ways},
        "statements": [_statement(result, read) for read in result.prior.reads],
        "not_measured": [{"what": item.what, "why": item.reason} for item in result.not_measured],
        "totals": dominance.to_json(result),
        **(study.to_json(result.study) if result.study is not None else {}),
        "milliseconds": round(result.milliseconds),
    }


def render_json(result: ThreeWays) -> str:
    return json.dumps(document(result), indent=2, ensure_ascii=False) + "\n"


def report(result: ThreeWays, name: str) -> str:
    """All tables as one document: Markdown when the file's name ends in ``.md``, else a page of HTML."""
    if name.lower().endswith(".md"):
        return markdown.render_sections(sections(result))
    return html.render_sections(
        sections(result),
        title=f"Three ways: {result.example}",
        subtitle=f"PostgreSQL {result.server_version}",
    )


def _way(way: Way) -> dict[str, Any]:
    return {
        "read_ms": way.read_ms,
        "p95_ms": way.p95_ms,
        "added": way.added,
        "dropped": way.dropped,
        "bytes": way.bytes,
        "freed": way.freed,
        "write_us": {write.id: write.us_per_row for write in way.writes},
        "hot": {hot.id: hot.share for hot in way.hot},
        **({"storage": storage_json(way.storage)} if way.storage is not None else {}),
        "descending": way.descending,
        "per_app": dict(way.per_app),
    }


def _find(way: Way, id: str) -> Measurement | None:
    return next((read for read in way.reads if read.id == id), None)


def _statement(result: ThreeWays, read: Measurement) -> dict[str, Any]:
    row: dict[str, Any] = {"id": read.id, "calls": read.calls, "from": dict(result.labels).get(read.id, "")}
    for way in result.ways:
        found = _find(way, read.id)
        row[way.name] = found and {
            "mean_ms": found.mean_ms,
            "median_ms": found.median_ms,
            "p95_ms": found.p95_ms,
            "buffers": found.buffers,
            "indexes": list(found.indexes),
        }
    row["slower_because"] = dict(result.explanations).get(read.id)
    return row


def slower_than_guide(result: ThreeWays) -> tuple[str, ...]:
    """Statements that read slower than with the guide's set beyond noise, worst loss first."""
    losses = []
    for read in result.indexical.reads:
        other = _find(result.guide, read.id)
        if (
            other
            and read.median_ms > other.median_ms * SLOWER
            and read.median_ms - other.median_ms > NOISE_MS
        ):
            losses.append((read.calls * (read.median_ms - other.median_ms), read.id))
    return tuple(id for _, id in sorted(losses, key=lambda loss: (-loss[0], loss[1])))


def sections(result: ThreeWays) -> tuple[Section, ...]:
    more = study.sections(result.study) if result.study is not None else ()
    return (_totals(result), dominance.section(result), _statements(result), _slower(result), *more)


def _totals(result: ThreeWays) -> Section:
    prior, guide, ours = result.ways
    rows: list[tuple[str, ...]] = [
        ("reads, the workload once", *(milliseconds(way.read_ms) for way in result.ways)),
        ("  against prior", "100 %", *(share(_ratio(way.read_ms, prior.read_ms)) for way in (guide, ours))),
        ("  95 % of calls under", *(milliseconds(way.p95_ms) for way in result.ways)),
        ("indexes added", *(number(way.added) for way in result.ways)),
        ("  bytes added", *(size(way.bytes) if way.bytes else "0" for way in result.ways)),
        ("indexes dropped", *(number(way.dropped) for way in result.ways)),
        ("  bytes freed", *(size(way.freed) if way.freed else "0" for way in result.ways)),
    ]
    rows += [
        (f"write {id}, per row", *(_write(way, id) for way in result.ways))
        for id in dict.fromkeys(write.id for way in result.ways for write in way.writes)
    ]
    rows += [
        (f"HOT updates, {id}", *(_hot(way, id) for way in result.ways))
        for id in dict.fromkeys(hot.id for way in result.ways for hot in way.hot)
    ]
    columns = (
        Column("measured"),
        Column("prior", True),
        Column("guide's", True),
        Column("Indexical's", True),
    )
    return Section(
        f"Three ways: {result.example}, scale {result.scale}",
        (f"PostgreSQL {result.server_version}, same rows, same workload, really executed in turn.",),
        Table(columns, tuple(rows)),
        _missed(result),
    )


def _missed(result: ThreeWays) -> tuple[str, ...]:
    reasons: dict[str, list[str]] = {}
    for item in result.not_measured:
        reasons.setdefault(item.reason, []).append(shorten(item.what, 48))
    return tuple(f"Not measured: {reason}: {_named(what)}." for reason, what in sorted(reasons.items()))


def _named(what: list[str]) -> str:
    rest = len(what) - MISSED
    return ", ".join(what[:MISSED]) + (f" and {rest} more" if rest > 0 else "")


def _statements(result: ThreeWays) -> Section:
    labels = dict(result.labels)
    prior = sorted(result.prior.reads, key=lambda read: (-read.calls * read.median_ms, read.id))
    rows = []
    for read in prior[:STATEMENTS]:
        times = [_find(way, read.id) for way in result.ways]
        rows.append(
            (
                shorten(read.id, 40) + (f"\n{shorten(labels[read.id], 40)}" if labels.get(read.id) else ""),
                number(read.calls),
                *(milliseconds(time.median_ms) if time else NOT_MEASURED for time in times),
                shorten(", ".join(times[2].indexes), 48) if times[2] and times[2].indexes else "—",
            )
        )
    columns = (
        Column("statement"),
        Column("calls", True),
        Column("prior", True),
        Column("guide's", True),
        Column("Indexical's", True),
        Column("indexes used (Indexical's)"),
    )
    return Section(
        f"Dearest statements under the prior indexes ({min(STATEMENTS, len(prior))} of {len(prior)})",
        (),
        Table(columns, tuple(rows)),
    )


def _slower(result: ThreeWays) -> Section:
    reasons = dict(result.explanations)
    explained = [id for id in slower_than_guide(result) if reasons.get(id)]
    by_chance = len(slower_than_guide(result)) - len(explained)
    more = plural(by_chance, "more statement")
    chance = (
        f"{more} measured slower although both plans use only indexes that both sets have: noise of this run."
    )
    notes = (chance,) if by_chance else ()
    if not explained:
        return Section("Slower than with the guide's set", ("No statement, beyond noise.",), notes=notes)
    rows = []
    for id in explained:
        guide, ours = _find(result.guide, id), _find(result.indexical, id)
        times = tuple(milliseconds(read.median_ms) if read else NOT_MEASURED for read in (guide, ours))
        rows.append((shorten(id, 44), number(ours.calls) if ours else "", *times, shorten(reasons[id], 160)))
    columns = (
        Column("statement"),
        Column("calls", True),
        Column("guide's", True),
        Column("Indexical's", True),
        Column("why"),
    )
    return Section(
        f"Slower than with the guide's set ({len(explained)})", (), Table(columns, tuple(rows)), notes
    )


def _ratio(value: float, base: float) -> float:
    return value / base if base else 0.0


def _write(way: Way, id: str) -> str:
    return next((f"{number(write.us_per_row)} µs" for write in way.writes if write.id == id), NOT_MEASURED)


def _hot(way: Way, id: str) -> str:
    return next((share(hot.share) for hot in way.hot if hot.id == id), NOT_MEASURED)
