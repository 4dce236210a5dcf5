"""What tables and indexes take on disk, now and before."""

from __future__ import annotations

from indexical.model.storage import Storage, TableStorage, growth
from indexical.report.sections import Column, Fact, Section, Table
from indexical.report.units import number, share, size

_SHOWN = 25
"""Tables that a report lists; the file of a run has all."""


def section(now: Storage, before: Storage | None = None) -> Section:
    """The largest tables with their indexes, and the totals."""
    part = now.index_bytes / now.database_bytes if now.database_bytes else 0.0
    facts = [
        Fact("Database", size(now.database_bytes)),
        Fact(
            "Indexes",
            size(now.index_bytes),
            f"{number(now.indexes)} of them, {share(part, 1)} of the database",
        ),
    ]
    taken = f"{number(now.indexes)} indexes take {size(now.index_bytes)}, {share(part, 1)} of the database's"
    lines = [f"{taken} {size(now.database_bytes)}."]
    if before is not None:
        lines.append(grown(before, now))
        facts.append(
            Fact(
                "Growth", f"{growth(before, now) * 100:+.1f} %", "indexes, in percent of the database before"
            )
        )
    shown = sorted(now.tables, key=lambda table: (-table.index_bytes, table.table))[:_SHOWN]
    notes = (
        (f"{len(now.tables) - len(shown)} smaller tables are left out here.",)
        if len(now.tables) > len(shown)
        else ()
    )
    return Section("Storage", tuple(lines), _table(shown, before), notes, tuple(facts))


def grown(before: Storage, now: Storage) -> str:
    """``Indexes grew by 81 MB ...``, in percent of the database as it was."""
    more = now.index_bytes - before.index_bytes
    word = "more" if more >= 0 else "less"
    return (
        f"The indexes take {size(abs(more))} {word} than before: {growth(before, now) * 100:+.1f} % of the database as it was; "
        f"their number went from {number(before.indexes)} to {number(now.indexes)}."
    )


def _table(shown: list[TableStorage], before: Storage | None) -> Table:
    earlier = {table.table: table for table in before.tables} if before is not None else {}
    columns = [
        Column("table"),
        Column("rows take", True),
        Column("indexes", True),
        Column("indexes take", True),
    ]
    if before is not None:
        columns += [Column("before", True), Column("grew by", True)]
    rows = []
    for table in shown:
        row = [
            table.table.removeprefix("public."),
            size(table.table_bytes),
            number(table.indexes),
            size(table.index_bytes),
        ]
        if before is not None:
            old = earlier.get(table.table)
            row += (
                [size(old.index_bytes), size(table.index_bytes - old.index_bytes)]
                if old is not None
                else ["not there", "n/a"]
            )
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows))
