"""The page of a database as a whole, and the same as rows of a file: how old every figure is stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexical.django.dashboard.reading import Look
from indexical.django.dashboard.verdicts import Judged
from indexical.django.dashboard.words import WORDS, ago, at
from indexical.model.usage import TableUse
from indexical.report.sections import Chart, Column, Fact, Point, Section, Table
from indexical.report.units import number, plural, share, size

TOP = 20
HEALTHY = 0.95
"""Share of block reads that a cache should answer; under it the page warns."""

CSV_TITLES = (
    "schema", "table", "index", "scans", "entries read", "rows fetched", "size in bytes", "last scan", "verdict", "reason",
    "window since", "read at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A section, and which index each of its rows is about."""

    section: Section
    oids: tuple[int, ...] = ()


def overview_page(look: Look) -> tuple[Listed, ...]:
    """The database as a whole."""
    return (
        _summary(look),
        _most_used(look),
        _without_scans(look),
        _same_work(look),
        _invalid(look),
        _needed(look),
    )


def _summary(look: Look) -> Listed:
    judged = look.judged
    kept = "; ".join(f"{count} of {node}, the last {ago(last)}" for node, count, last in look.sampled)
    facts = (
        Fact("indexes", number(len(judged)), f"{size(sum(each.existing.size for each in judged))} in all"),
        Fact("scanned", number(sum(each.use.scans > 0 for each in judged)), "in their windows"),
        Fact("may go", number(sum(each.may_go for each in judged)), "unused, duplicate or redundant"),
        Fact("invalid", number(sum(each.verdict == "invalid" for each in judged))),
        _hit(
            "index blocks from cache",
            [(use.index_hit, use.index_read) for use in look.now.tables],
            look.now.tables,
        ),
        _hit(
            "table blocks from cache",
            [(use.heap_hit, use.heap_read) for use in look.now.tables],
            look.now.tables,
        ),
    )
    since = look.now.state.counted_since
    lines = (
        f"The server's counters count since {at(since)} ({ago(since)})."
        if since
        else "The server does not tell since when its counters count.",
        f"Samples kept: {kept}."
        if kept
        else "No sample is kept yet; without them the counters' own age has to do.",
    )
    notes = [f"{right}: {cost}" for right, cost in look.catalog.missing_rights]
    if look.problem:
        notes.insert(0, look.problem)
    return Listed(Section("Summary", lines, facts=facts, notes=tuple(notes)))


def _hit(label: str, blocks: Sequence[tuple[int, int]], tables: Sequence[TableUse]) -> Fact:
    hit, read = (sum(each) for each in zip(*blocks, strict=True)) if tables else (0, 0)
    if not hit + read:
        return Fact(label, "n/a", "no block was asked for yet")
    ratio = hit / (hit + read)
    warning = "" if ratio >= HEALTHY else f"under {share(HEALTHY)}: "
    return Fact(label, share(ratio, 1), f"{warning}{number(hit)} of {number(hit + read)} blocks")


def _most_used(look: Look) -> Listed:
    used = sorted(
        (each for each in look.judged if each.counted and each.counted.scans),
        key=lambda each: -(each.counted.scans if each.counted else 0),
    )[:TOP]
    columns = (
        Column("index"),
        Column("table"),
        Column("scans", right=True),
        Column("entries read", right=True),
        Column("rows fetched", right=True),
        Column("size", right=True),
        Column("last scan"),
    )
    rows = tuple(
        (
            each.existing.name,
            each.existing.index.qualified_table,
            number(each.counted.scans),
            number(each.counted.tuples_read),
            number(each.counted.tuples_fetched),
            size(each.existing.size),
            ago(each.counted.last_scan) if each.counted.last_scan else "not told",
        )
        for each in used
        if each.counted
    )
    title = f"Most used ({len(rows)})"
    lines = (f"Counted by this server{_counted_since(look)}.",) if rows else ("No index was scanned yet.",)
    caption = f"The {plural(len(rows), 'index', 'indexes')} with the most scans, the most used first."
    points = tuple(Point(each.existing.name, (float(each.counted.scans),)) for each in used if each.counted)
    charts = (Chart("bars", "Scans", caption, "scans", "", ("scans",), points),) if rows else ()
    section = Section(title, lines, Table(columns, rows, caption) if rows else None, charts=charts)
    return Listed(section, _oids(used))


def _counted_since(look: Look) -> str:
    since = look.now.state.counted_since
    return f" since {at(since)}" if since else ""


def _without_scans(look: Look) -> Listed:
    order = {"unused": 0, "too-early": 1, "not-measured": 2}
    found = sorted(
        (each for each in look.judged if each.verdict in order),
        key=lambda each: (order[each.verdict], -each.existing.size, each.existing.name),
    )
    unused = sum(each.verdict == "unused" for each in found)
    line = f"{unused} of them unused: no scan over a window long enough that nothing cut, on every server."
    return _reasoned("Without scans", found, line if found else "Every other index was scanned or is needed.")


def _needed(look: Look) -> Listed:
    found = [each for each in look.judged if each.verdict == "needed"]
    return _reasoned(
        "Needed without scans", found, "Nothing reads them, and they must stay." if found else "None."
    )


def _reasoned(title: str, found: Sequence[Judged], line: str) -> Listed:
    rows = tuple(
        (
            each.existing.name,
            each.existing.index.qualified_table,
            WORDS[each.verdict],
            each.reason,
            size(each.existing.size),
        )
        for each in found
    )
    columns = (
        Column("index"),
        Column("table"),
        Column("verdict"),
        Column("window or reason"),
        Column("size", right=True),
    )
    table = Table(columns, rows) if rows else None
    return Listed(Section(f"{title} ({len(rows)})", (line,), table), _oids(found))


def _same_work(look: Look) -> Listed:
    found = [each for each in look.judged if each.verdict in ("duplicate", "redundant")]
    rows = tuple(
        (
            each.existing.name,
            each.existing.index.qualified_table,
            each.verdict,
            each.covered_by,
            size(each.existing.size),
        )
        for each in found
    )
    columns = (
        Column("index"),
        Column("table"),
        Column("verdict"),
        Column("its work is done by"),
        Column("size", right=True),
    )
    return Listed(
        Section(
            f"Duplicate and redundant ({len(rows)})",
            () if rows else ("None.",),
            Table(columns, rows) if rows else None,
        ),
        _oids(found),
    )


def _invalid(look: Look) -> Listed:
    found = [each for each in look.judged if each.verdict == "invalid"]
    rows = tuple(
        (each.existing.name, each.existing.index.qualified_table, each.reason, size(each.existing.size))
        for each in found
    )
    columns = (Column("index"), Column("table"), Column("what that means"), Column("size", right=True))
    lines = (
        ("A build that is still running looks the same: see that none is before anything is removed.",)
        if rows
        else ("None.",)
    )
    return Listed(
        Section(f"Invalid ({len(rows)})", lines, Table(columns, rows) if rows else None), _oids(found)
    )


def csv_rows(look: Look) -> list[tuple[str | int, ...]]:
    """Every index, under :data:`CSV_TITLES`."""
    rows: list[tuple[str | int, ...]] = []
    for each in look.judged:
        index, counted = each.existing.index, each.counted
        rows.append(
            (
                index.schema, index.table, each.existing.name, counted.scans if counted else "",
                counted.tuples_read if counted else "", counted.tuples_fetched if counted else "", each.existing.size,
                each.existing.last_used, WORDS[each.verdict], each.reason, each.use.since, look.now.taken_at,
            )
        )  # fmt: skip
    return rows


def _oids(judged: Sequence[Judged]) -> tuple[int, ...]:
    return tuple(each.existing.oid for each in judged)
