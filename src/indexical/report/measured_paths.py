"""Write paths and heap-only updates of a measured run, now and before."""

from __future__ import annotations

from indexical.report.measured_file import Run
from indexical.report.sections import Column, Section, Table
from indexical.report.units import change, number, share


def sections(run: Run, before: Run | None) -> tuple[Section, ...]:
    """One section each for what was measured; none for what was not asked for."""
    found = []
    if run.writes:
        found.append(_writes(run, before))
    if run.hot:
        found.append(_hot(run, before))
    return tuple(found)


def _writes(run: Run, before: Run | None) -> Section:
    earlier = {each.id: each for each in before.writes} if before is not None else {}
    columns = [Column("write path"), Column("rows", True), Column("per row", True)]
    if before is not None:
        columns += [Column("before", True), Column("change", True)]
    rows = []
    for each in run.writes:
        row = [each.id, number(each.rows), f"{number(each.us_per_row)} µs"]
        if before is not None:
            old = earlier.get(each.id)
            row += (
                [f"{number(old.us_per_row)} µs", change(old.us_per_row, each.us_per_row)]
                if old is not None
                else ["not measured", "n/a"]
            )
        rows.append(tuple(row))
    lines = ("Each path was run several times in a transaction that was rolled back; the median counts.",)
    return Section(f"Writes ({len(run.writes)})", lines, Table(tuple(columns), tuple(rows)))


def _hot(run: Run, before: Run | None) -> Section:
    earlier = {each.id: each for each in before.hot} if before is not None else {}
    columns = [Column("update"), Column("updates", True), Column("heap-only", True)]
    if before is not None:
        columns.append(Column("before", True))
    rows = []
    for each in run.hot:
        row = [each.id, number(each.updates), share(each.share)]
        if before is not None:
            old = earlier.get(each.id)
            row.append(share(old.share) if old is not None else "not measured")
        rows.append(tuple(row))
    return Section(f"Heap-only updates ({len(run.hot)})", (), Table(tuple(columns), tuple(rows)))
