"""Findings that need a workload: indexes that it wants and does not have, and indexes that none of its statements uses."""

from __future__ import annotations

from collections.abc import Iterator

from indexical.check.structure import subject
from indexical.model import Advice, Catalog, ExistingIndex, NotExamined, Recommendation, Table
from indexical.model.check import CheckFinding
from indexical.model.keeping import needed_by, surroundings


def of_advice(advice: Advice, catalog: Catalog) -> tuple[tuple[CheckFinding, ...], tuple[NotExamined, ...]]:
    """Findings, and what the advice could not examine."""
    missing = tuple(_missing(item) for item in advice.create)
    if not advice.statements:
        return missing, advice.not_examined
    return (*missing, *_unasked(advice, catalog)), advice.not_examined


def _missing(item: Recommendation) -> CheckFinding:
    place = _place(item.origins[0].location) if item.origins else ("", 0)
    table = item.index.table if item.index.schema == "public" else item.index.qualified_table
    wanted = f"{len(item.statements)} statement{'s' * (len(item.statements) != 1)}"
    return CheckFinding(
        "missing-index",
        f"{table} {item.index.text}",
        f"{wanted} of the workload would use it ({', '.join(item.statements[:3])}); it saves {item.benefit:,.0f} planner "
        f"units and costs the writes {item.maintenance:,.0f}",
        f"write it into the model and a migration (write), or: {item.ddl}",
        *place,
    )


def _place(location: str) -> tuple[str, int]:
    """``shop/views.py:41`` in two parts; nothing when it is not of that form."""
    file, colon, line = location.rpartition(":")
    return (file, int(line)) if colon and line.isdigit() else ("", 0)


def _unasked(advice: Advice, catalog: Catalog) -> Iterator[CheckFinding]:
    """Indexes that no plan contains, before or after, and that nothing but reads needs."""
    used = {name for each in advice.statements for name in each.indexes_used}
    for each in advice.statements:
        if each.plan_before is not None:
            used.update(each.plan_before.index_names)
    gone = {(drop.existing.index.schema, drop.existing.name) for drop in advice.drop}
    window = f"{advice.workload_statements:,} statements, {advice.workload_calls:,.0f} calls"
    for table in catalog.tables:
        for existing in table.indexes:
            if existing.name in used or (existing.index.schema, existing.name) in gone:
                continue
            if not existing.valid or _needed(existing, table):
                continue
            yield CheckFinding(
                "no-statement",
                subject(existing),
                f"{existing.index.text}, {existing.size:,} bytes: no plan of the workload ({window}) contains it",
                "see with usage whether it is scanned in production before it goes; the workload may not hold everything",
            )


def _needed(existing: ExistingIndex, table: Table) -> str:
    others = [each.index for each in table.indexes if each.name != existing.name and each.valid]
    return needed_by(existing, surroundings(table, others))
