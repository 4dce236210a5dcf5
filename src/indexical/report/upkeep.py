"""What upkeep is due, as sections and as a document: each piece of work with its reason, its size and roughly its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from indexical.model.maintenance import Need, Upkeep
from indexical.report.sections import Column, Fact, Section, Table
from indexical.report.units import plural, shorten, size

_ESTIMATE = "from the bytes to be read alone"


def upkeep_sections(upkeep: Upkeep, *, done: bool, remedy: str = "") -> tuple[Section, ...]:
    """What is due and what was noticed. ``done``: the outcomes follow; else ``remedy`` says how to have it done."""
    sections = [_due(upkeep, done, remedy)]
    if upkeep.noticed:
        rows = tuple(
            (shorten(each.subject, 60), shorten(each.what, 200), shorten(each.remedy, 160))
            for each in upkeep.noticed
        )
        table = Table((Column("what"), Column("is the matter"), Column("what to do")), rows)
        sections.append(Section(f"Noticed, and left alone ({len(rows)})", (), table))
    return tuple(sections)


def _due(upkeep: Upkeep, done: bool, remedy: str) -> Section:
    looked = plural(upkeep.tables, "table")
    lines = [f"Looked at {looked} of database {upkeep.database}."]
    if upkeep.indexes:
        lines.append(
            f"Of {plural(upkeep.indexes, 'B-tree')} that are large enough, {upkeep.measured} were measured for bloat."
        )
    if not upkeep.needs:
        return Section("Upkeep", (*lines, "Nothing is due."))
    if not done and remedy:
        lines.append(f"Nothing was done; to do it: {remedy}")
    columns = (
        Column("work"), Column("on"), Column("why"), Column("to read", right=True), Column("about", right=True),
    )  # fmt: skip
    table = Table(columns, tuple(_row(need) for need in upkeep.needs))
    steps = tuple(f"{need.sql};" for need in upkeep.needs if need.sql)
    about = Fact("together about", duration(upkeep.seconds), _ESTIMATE)
    return Section(f"Upkeep ({len(upkeep.needs)})", tuple(lines), table, facts=(about,), notes=steps)


def _row(need: Need) -> tuple[str, ...]:
    return (
        need.kind,
        shorten(need.subject, 70),
        shorten(need.reason, 200),
        size(need.bytes) if need.bytes else "",
        duration(need.seconds) if need.bytes else "",
    )


def duration(seconds: float) -> str:
    """A rough time for people."""
    if seconds < 1:
        return "< 1 s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def rebuilt_section(found: Sequence[tuple[str, int, int]]) -> tuple[Section, ...]:
    """Sizes before and after; nothing when no index was built anew."""
    if not found:
        return ()
    columns = (Column("index"), Column("before", right=True), Column("now", right=True))
    rows = tuple((shorten(name, 80), size(before), size(now)) for name, before, now in found)
    return (Section("Built anew", (), Table(columns, rows)),)


def upkeep_document(upkeep: Upkeep) -> dict[str, Any]:
    """The keys that ``maintain --format json`` adds to those of every run: sizes in bytes, times in seconds."""
    return {
        "database": upkeep.database,
        "needs": [{**asdict(need), "subject": need.subject} for need in upkeep.needs],
        "noticed": [asdict(each) for each in upkeep.noticed],
        "examined": {
            "tables": upkeep.tables,
            "indexes": upkeep.indexes,
            "measured": upkeep.measured,
        },
    }
