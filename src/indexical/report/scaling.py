"""A scaling series: sizes under one another, index sets side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from indexical.model import Measurement
from indexical.model.scaling import ScalePoint, ScalingSeries
from indexical.report.measured import plan_in_short
from indexical.report.sections import Column, Section, Table
from indexical.report.units import milliseconds, number, shorten

NOT_MEASURED = "not measured"


def section(series: ScalingSeries, names: dict[str, str] | None = None) -> Section:
    """Each statement at each size: time without, time with, how many times faster, and the last set's plan.

    Args:
        names: index set → what a reader knows it as.
    """
    ways = [way for way, _ in series.points[0].ways] if series.points else []
    known = names or {}
    columns = [Column("statement"), Column(series.unit, True)]
    for number_of, way in enumerate(ways):
        columns.append(Column(known.get(way, way), True))
        if number_of:
            columns.append(Column("faster", True))
    columns.append(Column("plan" + (f" ({known.get(ways[-1], ways[-1])})" if ways else "")))
    rows = [_row(point, id, ways) for id in series.statements for point in series.points]
    notes = tuple(
        f"Not measured at {_scale(point)} {series.unit}: {shorten(item.what, 40)}, {shorten(item.reason, 100)}."
        for point in series.points
        for item in point.not_measured
    )
    return Section(series.title, (), Table(tuple(columns), tuple(rows)), notes)


def _row(point: ScalePoint, id: str, ways: list[str]) -> tuple[str, ...]:
    reads = [point.find(way, id) for way in ways]
    cells = [shorten(id, 40), _scale(point)]
    for place, read in enumerate(reads):
        cells.append(milliseconds(read.median_ms) if read else NOT_MEASURED)
        if place:
            cells.append(_faster(reads[0], read))
    last = reads[-1] if reads else None
    return (*cells, shorten(plan_in_short(last), 70) if last else "—")


def _scale(point: ScalePoint) -> str:
    return number(float(point.scale)) if point.scale.isdecimal() else point.scale


def _faster(without: Measurement | None, now: Measurement | None) -> str:
    if without is None or now is None or now.median_ms <= 0:
        return "n/a"
    return f"{number(without.median_ms / now.median_ms)}x"


def to_json(series: ScalingSeries) -> dict[str, Any]:
    """Every figure; plans in short."""
    return {
        "title": series.title,
        "unit": series.unit,
        "points": [
            {
                "scale": point.scale,
                "rows": point.rows,
                "ways": {
                    way: [
                        {
                            "id": read.id,
                            "mean_ms": read.mean_ms,
                            "median_ms": read.median_ms,
                            "p95_ms": read.p95_ms,
                            "buffers": read.buffers,
                            "plan": plan_in_short(read),
                        }
                        for read in reads
                    ]
                    for way, reads in point.ways
                },
                "not_measured": [asdict(item) for item in point.not_measured],
            }
            for point in series.points
        ],
    }
