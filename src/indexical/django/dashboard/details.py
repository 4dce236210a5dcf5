"""The page of one index: what is known of it, how it was used over time, and the statements that use it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from indexical.django.dashboard.advice import advice_age
from indexical.django.dashboard.reading import PRIMARY, Look
from indexical.django.dashboard.records import SavedAdvice
from indexical.django.dashboard.verdicts import Judged
from indexical.django.dashboard.words import WORDS, ago, at
from indexical.model.usage import Sample
from indexical.report.sections import Chart, Column, Fact, Point, Section, Table
from indexical.report.units import number, shorten, size
from indexical.usage.windows import broken

_SAMPLES = 60
_WIDE = 160


def index_page(look: Look, judged: Judged, advice: SavedAdvice | None) -> tuple[Section, ...]:
    """All about one index."""
    existing, use = judged.existing, judged.use
    facts = [
        Fact("verdict", WORDS[judged.verdict]),
        Fact("scans", number(use.scans), f"since {at(use.since)} ({ago(use.since)})" if use.since else ""),
        Fact("size", size(existing.size)),
    ]
    if judged.counted is not None:
        facts.append(Fact("entries read", number(judged.counted.tuples_read)))
        facts.append(Fact("rows fetched", number(judged.counted.tuples_fetched)))
    facts.append(
        Fact("last scan", ago(existing.last_used)) if existing.last_used else Fact("last scan", "not told")
    )
    lines = [f"{WORDS[judged.verdict].capitalize()}: {judged.reason}."]
    if existing.constraint:
        lines.append(f"It backs the {existing.constraint} constraint {existing.constraint_name}.")
    if existing.comment:
        lines.append(f"Its comment says: {existing.comment}")
    return (
        Section("What is known of it", tuple(lines), facts=tuple(facts)),
        _over_time(look, judged),
        _statements(judged, advice),
    )


def _over_time(look: Look, judged: Judged) -> Section:
    key = (judged.existing.index.schema, judged.existing.name)
    series = tuple(look.kept.get(key, {}).get(PRIMARY, ()))[-_SAMPLES:]
    series = tuple(each for each in series if each.indexes)
    steps = [
        (each, _step(earlier, each, key)) for earlier, each in zip((None, *series), series, strict=False)
    ]
    rows = tuple(
        (
            at(each.taken_at, seconds=True),
            number(each.indexes[0].scans),
            "" if scans is None else number(scans),
            size(each.indexes[0].size),
            why,
        )
        for each, (scans, why) in steps
    )
    columns = (
        Column("sample (UTC)"),
        Column("scans counted", right=True),
        Column("since the one before", right=True),
        Column("size", right=True),
        Column(""),
    )
    lines = ("The last row is from now; it is kept only when a sample is taken.",)
    charts = _charts(steps) if len(series) > 2 else ()
    return Section(f"Samples ({len(rows)})", lines, Table(columns, rows) if rows else None, charts=charts)


def _step(earlier: Sample | None, later: Sample, key: tuple[str, str]) -> tuple[int | None, str]:
    """Scans since the earlier sample, or why they are not known."""
    if earlier is None:
        return None, ""
    why = broken(earlier, later, *key)
    return (None, f"counted anew: {why}") if why else (later.indexes[0].scans - earlier.indexes[0].scans, "")


def _charts(steps: Sequence[tuple[Sample, tuple[int | None, str]]]) -> tuple[Chart, ...]:
    begin = datetime.fromisoformat(steps[0][0].taken_at)
    days = [(datetime.fromisoformat(each.taken_at) - begin).total_seconds() / 86_400 for each, _ in steps]
    label = f"days since {at(steps[0][0].taken_at)}"
    scans = tuple(
        Point("", (day, float(count)))
        for day, (_, (count, _)) in zip(days, steps, strict=True)
        if count is not None
    )
    sizes = tuple(
        Point("", (day, each.indexes[0].size / 2**20)) for day, (each, _) in zip(days, steps, strict=True)
    )
    return (
        Chart(
            "curve",
            "Scans between samples",
            "Each point is what was counted since the sample before it.",
            label,
            "scans",
            ("scans",),
            scans,
        ),
        Chart("curve", "Size", "The size of the index at each sample.", label, "MB", ("size",), sizes),
    )


def _statements(judged: Judged, advice: SavedAdvice | None) -> Section:
    title = "Statements"
    if advice is None:
        return Section(title, ("None is known: no advice is saved (setting INDEXICAL_ADVICE).",))
    used = [
        item
        for item in advice.document.get("statements", ())
        if isinstance(item, dict) and judged.existing.name in (item.get("indexes_used") or ())
    ]
    if not used:
        return Section(title, (f"No statement of the advice in {advice.path} uses it.",))
    columns = (Column("statement"), Column("calls", right=True), Column("SQL"))
    rows = tuple(
        (
            str(item.get("id", "")),
            number(float(item.get("calls") or 0)),
            shorten(str(item.get("sql", "")), _WIDE),
        )
        for item in used
    )
    return Section(
        title, (f"By the plans of the advice in {advice.path}{advice_age(advice)}.",), Table(columns, rows)
    )
