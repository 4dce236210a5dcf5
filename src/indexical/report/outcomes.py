"""What became of changes, as a table: one line an outcome, each verdict in its own word."""

from __future__ import annotations

from collections.abc import Sequence

from indexical.model import Applied, Failed, NotMeasured, Outcome, Skipping, Verified
from indexical.report.sections import Column, Section, Table
from indexical.report.units import milliseconds, shorten, size


def outcome_sections(title: str, outcomes: Sequence[Outcome]) -> tuple[Section, ...]:
    if not outcomes:
        return (Section(title, ("Nothing to do.",)),)
    table = Table(
        (Column("verdict"), Column("what"), Column("evidence")), tuple(_row(outcome) for outcome in outcomes)
    )
    return (Section(f"{title} ({len(outcomes)})", (), table),)


def _row(outcome: Outcome) -> tuple[str, ...]:
    match outcome:
        case Applied():
            return "applied", shorten(outcome.what, 110), _done(outcome)
        case Skipping():
            return "skipped", shorten(outcome.what, 110), shorten(outcome.reason, 160)
        case Failed():
            return "failed", shorten(outcome.what, 110), shorten(f"{outcome.error} {outcome.remedy}", 240)
        case NotMeasured():
            return "not-measured", shorten(outcome.what, 110), shorten(outcome.reason, 160)
        case Verified():
            return outcome.verdict, shorten(outcome.what, 110), shorten(_evidence(outcome), 200)


def _done(outcome: Applied) -> str:
    # What went with others, as the steps of one migration, has no time of its own: none is not zero.
    took = milliseconds(outcome.milliseconds) if outcome.milliseconds else ""
    return "; ".join(filter(None, (took, shorten(outcome.note, 240))))


def _evidence(outcome: Verified) -> str:
    parts = [outcome.evidence] if outcome.evidence else []
    if outcome.statements:
        parts.append(f"used by {', '.join(outcome.statements)}")
    if outcome.missing:
        parts.append(f"not used by {', '.join(outcome.missing)}")
    if outcome.size:
        parts.append(size(outcome.size))
    if outcome.structure:
        parts.append(outcome.structure)
    return "; ".join(parts)
