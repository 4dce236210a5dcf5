"""How far a concurrent build is, from PostgreSQL's own progress report.

Phases: https://www.postgresql.org/docs/18/progress-reporting.html#CREATE-INDEX-PROGRESS-REPORTING. PostgreSQL counts anew
in each phase; the shares given to the phases here are rough, so that the bar moves forward only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PHASES: tuple[tuple[str, float], ...] = (
    ("initializing", 0.0),
    ("waiting for writers before build", 0.01),
    ("building index", 0.02),
    ("building index: initializing", 0.02),
    ("building index: scanning table", 0.03),
    ("building index: sorting live tuples", 0.35),
    ("building index: sorting dead tuples", 0.45),
    ("building index: loading tuples in tree", 0.46),
    ("waiting for writers before validation", 0.65),
    ("index validation: scanning index", 0.66),
    ("index validation: sorting tuples", 0.74),
    ("index validation: scanning table", 0.78),
    ("waiting for old snapshots", 0.97),
    ("waiting for readers before marking dead", 0.98),
    ("waiting for readers before dropping", 0.99),
)
"""Phases in order, with the share of the work that is done when each begins."""


def progress(row: Mapping[str, Any]) -> tuple[float, str]:
    """Share of the whole build, 0 to 1, and a line that names the phase, how far it is, and what it waits for."""
    phase = str(row["phase"])
    start, end = _span(phase)
    if start < 0:
        return -1.0, phase or "building"
    part = _part(row, phase)
    text = phase if part is None else f"{phase} {part:.0%}"
    if phase.startswith("waiting") and row["locker_pid"]:
        text = f"{text}, for pid {row['locker_pid']}"
    return start + (end - start) * (part or 0.0), text


def _span(phase: str) -> tuple[float, float]:
    for number, (name, start) in enumerate(PHASES):
        if name == phase:
            return start, PHASES[number + 1][1] if number + 1 < len(PHASES) else 1.0
    return -1.0, -1.0


def _part(row: Mapping[str, Any], phase: str) -> float | None:
    """Which counter means something differs by phase; those of an earlier phase stay behind in the view."""
    if phase.startswith("waiting"):
        counter = "lockers"
    elif phase.endswith(("scanning table", "scanning index")):
        counter = "blocks"
    elif phase.endswith("loading tuples in tree"):
        counter = "tuples"
    else:
        return None
    total = int(row[f"{counter}_total"])
    return min(1.0, int(row[f"{counter}_done"]) / total) if total > 0 else None
