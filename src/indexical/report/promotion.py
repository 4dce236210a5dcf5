"""A promotion as it stands: gates, window, indexes; for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from indexical.model.promotion import Clocks, GateStanding, Promotion
from indexical.promotion.deciding import duration, elapsed, window_end
from indexical.report.sections import Column, Section, Table
from indexical.report.units import plural, shorten

VERSION = 1


def promotion_sections(
    promotion: Promotion, found: Sequence[GateStanding], holds: bool, now: Clocks
) -> tuple[Section, ...]:
    """The record. ``now`` is only for telling how far the window is; it decides nothing."""
    passed = sum(each.state == "passed" for each in found)
    state = "may go to production" if holds else f"not yet: {passed} of {plural(len(found), 'gate')} passed"
    changed = plural(len(promotion.changes), "change")
    lines = (
        f"{state}; {changed} of run {promotion.run} on database {promotion.staging.database}.",
        _window(promotion, now),
    )
    gates = Table(
        tuple(Column(title) for title in ("gate", "state", "at", "evidence")),
        tuple((each.gate, each.state, each.at, shorten(each.detail, 200)) for each in found),
    )
    changes = Table(
        tuple(Column(title) for title in ("change", "index", "name on staging")),
        tuple(
            (each.action, shorten(each.index.text, 120), shorten(each.name, 63)) for each in promotion.changes
        ),
    )
    notes = ("The record's last line was cut; run the gates again.",) if promotion.torn else ()
    return (
        Section(f"Promotion {promotion.id}", lines, gates, notes),
        Section(f"Changes ({len(promotion.changes)})", (), changes),
    )


def promotion_document(promotion: Promotion, found: Sequence[GateStanding], holds: bool) -> dict[str, Any]:
    """The same as plain values, version 1: more keys may be added, none change meaning."""
    ended = window_end(promotion)
    return {
        "version": VERSION,
        "promotion": promotion.id,
        "holds": holds,
        "began": promotion.began,
        "run": promotion.run,
        "staging": asdict(promotion.staging),
        "window_seconds": promotion.window_s,
        "short": promotion.short,
        "window_ended": ended.at if ended is not None else None,
        "gates": [asdict(each) for each in found],
        "changes": [
            {"action": each.action, "name": each.name, "index": each.index.text} for each in promotion.changes
        ],
        "torn": promotion.torn,
        "digest": promotion.head,
    }


def _window(promotion: Promotion, now: Clocks) -> str:
    length = duration(promotion.window_s) + (", shorter than is usual" if promotion.short else "")
    ended = window_end(promotion)
    if ended is not None:
        return f"Window: {length}, begun {promotion.began}, seen to have ended {ended.at}."
    gone = max(0.0, elapsed(promotion.clocks, now))
    return f"Window: {length}, begun {promotion.began}, open; {duration(min(gone, promotion.window_s))} have passed."
