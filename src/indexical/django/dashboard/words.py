"""Verdicts and ages in the words of the pages."""

from __future__ import annotations

from datetime import UTC, datetime

WORDS = {
    "used": "used",
    "unused": "unused",
    "needed": "needed",
    "too-early": "too early",
    "not-measured": "not measured",
    "duplicate": "duplicate",
    "redundant": "redundant",
    "invalid": "invalid",
}


def ago(moment: str) -> str:
    """How long ago an ISO 8601 time was; the time itself where it is none."""
    then = _moment(moment)
    return moment if then is None else f"{lasting((datetime.now(UTC) - then).total_seconds())} ago"


def at(moment: str, *, seconds: bool = False) -> str:
    """An ISO 8601 time to the minute or the second, in UTC; the text itself where it is none."""
    then = _moment(moment)
    return (
        moment
        if then is None
        else then.strftime("%Y-%m-%d %H:%M:%S UTC" if seconds else "%Y-%m-%d %H:%M UTC")
    )


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def lasting(seconds: float) -> str:
    """A time in its largest whole unit."""
    for unit, length in (("day", 86_400.0), ("hour", 3600.0), ("minute", 60.0)):
        if seconds >= 2 * length:
            return f"{int(seconds / length):,} {unit}s"
    return f"{max(0, int(seconds))} s"
