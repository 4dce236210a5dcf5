"""What building and executing the advice said: its sections, estimated beside measured, and its part of the JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from indexical.model.confirmation import (
    CONFIRMED,
    NOT_MEASURED,
    Confirmation,
    IndexConfirmation,
    StatementConfirmation,
)
from indexical.report.units import milliseconds, number, plural, share, shorten, size


def confirmation_document(found: Confirmation | None) -> dict[str, Any] | None:
    """The ``confirmation`` of the advice document; None when none was asked for."""
    if found is None:
        return None
    return {
        "database": found.database,
        "server_version": found.server_version,
        "kept": found.kept,
        "milliseconds": round(found.milliseconds),
        "not_executed": found.not_executed,
        "indexes": [_index_document(each) for each in found.indexes],
        "statements": [
            {**asdict(each), "indexes_used": list(each.indexes_used), "speedup": each.speedup}
            for each in found.statements
        ],
    }


def _index_document(each: IndexConfirmation) -> dict[str, Any]:
    document = asdict(each)
    del document["index"]
    return {**document, "table": each.index.qualified_table, "statements": list(each.statements)}


def confirmed_lines(found: Confirmation) -> tuple[str, ...]:
    counted = [each.verdict for each in found.indexes]
    confirmed, unmeasured = counted.count(CONFIRMED), counted.count(NOT_MEASURED)
    executed = [each for each in found.statements if each.verdict != NOT_MEASURED]
    unexecuted = len(found.statements) - len(executed)
    rest = f", {number(found.not_executed)} of lesser weight not tried" if found.not_executed else ""
    built = (
        f"{confirmed} of {plural(len(counted), 'index', 'indexes')} confirmed,"
        f" {len(counted) - confirmed - unmeasured} not, {unmeasured} not measured"
    )
    end = "The confirmed indexes were left there" if found.kept else "What was built was taken away again"
    tried = f"{plural(len(executed), 'statement')} executed, {unexecuted} not measured{rest}"
    lines = [
        f"Built and executed in {found.database} (PostgreSQL {found.server_version}): {built}.",
        f"{tried}, in {milliseconds(found.milliseconds)}. {end}.",
    ]
    before = sum(each.calls * each.ms_before for each in executed if each.ms_before is not None)
    after = sum(each.calls * each.ms_after for each in executed if each.ms_after is not None)
    if before > 0 and after > 0:
        cut = {each.cut for each in executed}
        least = "at least " if "before" in cut and "after" not in cut else ""
        estimated = sum(each.calls * each.estimated_before for each in executed)
        expected = sum(each.calls * each.estimated_after for each in executed)
        lines.append(
            f"Those statements, weighted by calls: {_time(before, 'before' in cut)} → {_time(after, 'after' in cut)}"
            f" ({least}{before / after:,.1f} times faster; estimated {_ratio(estimated, expected)})."
        )
    return tuple(lines)


INDEX_COLUMNS = ("index", "size estimated", "built", "off by", "used by", "saves", "verdict")
STATEMENT_COLUMNS = ("statement", "estimated", "replanned", "before", "after", "faster", "verdict")


def index_rows(found: Confirmation) -> list[tuple[str, ...]]:
    return [
        (
            shorten(each.name, 63),
            size(each.size_estimated),
            size(each.size_built) if each.size_built is not None else "—",
            share(each.size_estimated / each.size_built - 1, 0) if each.size_built else "—",
            _some(each.statements),
            milliseconds(each.saved_ms) if each.saved_ms is not None else "—",
            _verdict(each),
        )
        for each in found.indexes
    ]


def statement_rows(found: Confirmation) -> list[tuple[str, ...]]:
    return [
        (
            shorten(each.id, 44),
            f"{number(each.estimated_before)} → {number(each.estimated_after)}",
            f"{number(each.cost_before)} → {number(each.cost_after)}"
            if each.cost_before is not None and each.cost_after is not None
            else "—",
            _time(each.ms_before, each.cut == "before"),
            _time(each.ms_after, each.cut == "after"),
            f"{'> ' if each.cut == 'before' else '< ' if each.cut else ''}{each.speedup:,.1f}×"
            if each.speedup is not None
            else "—",
            _verdict(each),
        )
        for each in found.statements
    ]


def _time(ms: float | None, cut: bool) -> str:
    """With a sign where a statement timeout cut it off."""
    return "—" if ms is None else f"{'> ' if cut else ''}{milliseconds(ms)}"


def _verdict(each: IndexConfirmation | StatementConfirmation) -> str:
    return f"{each.verdict}: {shorten(each.reason, 120)}" if each.reason else each.verdict


def _some(ids: tuple[str, ...]) -> str:
    shown = ", ".join(shorten(id, 32) for id in ids[:2])
    return f"{shown} and {len(ids) - 2} more" if len(ids) > 2 else shown or "—"


def _ratio(before: float, after: float) -> str:
    return f"{before / after:,.1f} times" if after > 0 else "no cost"
