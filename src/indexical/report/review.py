"""A weekly, monthly or quarterly review: use, unused indexes, slow statements, growth, and what to change."""

from __future__ import annotations

from indexical.model.using import Growth, Review
from indexical.report.sections import Chart, Column, Fact, Point, Section, Table
from indexical.report.units import change, milliseconds, plural, shorten, size
from indexical.report.usage import changes_section, ratio, unused_section

_DAY = 86_400.0
_ROWS = 20


def review_sections(review: Review) -> tuple[Section, ...]:
    """In the order in which a review goes through them."""
    return (
        _period(review),
        _scans(review),
        unused_section(review.usage),
        _statements(review),
        _growth(review),
        changes_section(review.usage),
        *_missing(review),
    )


def _period(review: Review) -> Section:
    days, wanted = review.seconds / _DAY, review.wanted_seconds / _DAY
    lines = [
        f"From {review.since} to {review.until}: {days:.1f} days.",
        f"{plural(review.samples, 'sample')} of {plural(len(review.usage.nodes), 'server')}.",
    ]
    # The samples of a timer are never on the second.
    if days < 0.9 * wanted:
        lines.append(
            f"The samples reach back {days:.1f} of the {wanted:.0f} days; take them by usage --sample, once a day."
        )
    lines += [f"{node} counted anew: {why}; what was before is left out." for node, why in review.cut]
    usage = review.usage
    facts = (
        Fact("Scans", f"{sum(scans for _, scans in review.scans):,}", "in the period"),
        Fact("Unused", f"{len(usage.of('unused')):,}"),
        Fact("Growth of tables", _signed(_grown(review, "table")), "in the period"),
        Fact("Growth of indexes", _signed(_grown(review, "index")), "in the period"),
        Fact("Index hits", ratio(usage.index), "since the counters began"),
        Fact("Table hits", ratio(usage.heap), "since the counters began"),
    )
    rows = tuple((fact.label, fact.value, fact.note) for fact in facts)
    table = Table((Column("figure"), Column("value", right=True), Column("")), rows, "The period in figures")
    return Section(
        f"{review.period.capitalize()} review of {usage.database}", tuple(lines), table, facts=facts
    )


def _grown(review: Review, kind: str) -> int:
    return sum(each.after - each.before for each in review.growth if each.kind == kind)


def _scans(review: Review) -> Section:
    used = [(name, scans) for name, scans in review.scans if scans][:_ROWS]
    if not used:
        return Section("Use in the period (0)", ("No scan was counted between the samples.",))
    per_day = max(review.seconds / _DAY, 1e-9)
    rows = tuple((name, f"{scans:,}", f"{scans / per_day:,.0f}") for name, scans in used)
    columns = (Column("index"), Column("scans", right=True), Column("a day", right=True))
    chart = Chart(
        "bars", "Scans in the period", "Scans by index; the figures are in the table.", "scans", "", ("scans",),
        tuple(Point(name, (float(scans),)) for name, scans in used),
    )  # fmt: skip
    return Section(
        f"Use in the period (top {len(rows)})", (), Table(columns, rows, "Scans by index"), charts=(chart,)
    )


def _statements(review: Review) -> Section:
    if review.statements_missing:
        return Section("Slow statements", (f"Not known: {review.statements_missing}.",))
    rows = tuple(
        (
            shorten(each.text, 100),
            f"{each.calls:,}",
            milliseconds(each.mean_ms),
            milliseconds(each.total_ms),
        )
        for each in review.statements[:_ROWS]
    )
    columns = (
        Column("statement"), Column("calls", right=True), Column("a call", right=True), Column("together", right=True)
    )  # fmt: skip
    lines = ("Those that took most of the server's time in the period, on the primary.",)
    return Section(
        f"Slow statements (top {len(rows)})", lines, Table(columns, rows, "Statements by total time")
    )


def _growth(review: Review) -> Section:
    moved = [each for each in review.growth if each.after != each.before][:_ROWS]
    if not moved:
        return Section("Growth", ("Nothing changed its size between the samples.",))
    per_day = max(review.seconds / _DAY, 1e-9)
    rows = tuple(
        (
            each.name,
            each.kind,
            size(each.before),
            size(each.after),
            change(each.before, each.after),
            _a_day(each, per_day),
        )
        for each in moved
    )
    columns = (
        Column("what"), Column("kind"), Column("before", right=True), Column("after", right=True),
        Column("change", right=True), Column("a day", right=True),
    )  # fmt: skip
    return Section("Growth", (), Table(columns, rows, "Sizes at both ends of the period"))


def _a_day(each: Growth, days: float) -> str:
    # What a shorter time did says nothing of a day.
    return _signed((each.after - each.before) / days) if days >= 1 else "n/a"


def _signed(count: float) -> str:
    return ("+" if count > 0 else "") + size(count)


def _missing(review: Review) -> tuple[Section, ...]:
    rows = review.usage.missing
    if not rows:
        return ()
    return (
        Section(
            f"Not known ({len(rows)})",
            (),
            Table((Column("what"), Column("what it needs")), rows, "Not known"),
        ),
    )
