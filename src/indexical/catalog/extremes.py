"""The true lowest and highest value of columns that lead a B-tree.

The planner asks an index for them when a condition lies at the end of a histogram (``get_actual_variable_range`` in
PostgreSQL's ``selfuncs.c``): rows that came after the last ANALYZE count. The planner twin has no rows to ask, so the
snapshot brings the answers. Each costs one descent of an index.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Column, Table
from indexical.pg.ends import lowest_and_highest, only_by_index
from indexical.pg.session import Session

_TIMEOUT_MS = 2000
_BUDGET_SECONDS = 60.0
"""For all tables together; an index whose ends are full of dead rows can take long."""
_LONGEST = 1000
"""Characters. ANALYZE keeps no longer value either, so a histogram has no place for one."""

Ends = Mapping[str, tuple[str, str]]


def read_extremes(
    session: Session, tables: Sequence[Table], missing: list[tuple[str, str]], *, uncounted: bool
) -> tuple[tuple[Table, ...], int]:
    """The tables with ``low`` and ``high`` filled in, and how many columns were left alone for lack of a right.

    What could not be read is added to ``missing``. ``uncounted`` says that the session's index scans do not count. Where they
    do, an index without any scan is left alone: the planner's own probes count too, so nothing has ever needed its ends, and
    our look would make it seem used.
    """
    with session.transaction(roll_back=True):
        only_by_index(session, _TIMEOUT_MS)
        return _read(session, tables, missing, uncounted=uncounted)


def _read(
    session: Session, tables: Sequence[Table], missing: list[tuple[str, str]], *, uncounted: bool
) -> tuple[tuple[Table, ...], int]:
    deadline = time.monotonic() + _BUDGET_SECONDS
    found, left_alone = [], 0
    for table in tables:
        wanted = _wanted(table, uncounted=True)
        allowed = wanted if uncounted else _wanted(table, uncounted=False)
        left_alone += len(wanted) - len(allowed)
        if allowed and time.monotonic() > deadline:
            missing.append(
                (f"{table.qualified}: ends of its columns", "reading them all would have taken too long")
            )
            allowed = []
        found.append(_with_extremes(session, table, allowed, missing) if allowed else table)
    return tuple(found), left_alone


def _with_extremes(session: Session, table: Table, names: list[str], missing: list[tuple[str, str]]) -> Table:
    try:
        ends = _ends(session, table, names)
    except ConnectionFailed:
        raise
    except DatabaseError:
        ends = _one_by_one(session, table, names, missing)
    return replace(table, columns=tuple(_with_ends(column, ends) for column in table.columns))


def _one_by_one(
    session: Session, table: Table, names: list[str], missing: list[tuple[str, str]]
) -> dict[str, tuple[str, str]]:
    """What can be read of a table one of whose columns cannot."""
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        try:
            found.update(_ends(session, table, [name]))
        except ConnectionFailed:
            raise
        except DatabaseError as error:
            missing.append((f"{table.qualified}.{name}", f"its ends could not be read ({error})"))
    return found


def _ends(session: Session, table: Table, names: list[str]) -> Ends:
    with session.transaction(roll_back=True):
        return dict(zip(names, lowest_and_highest(session, table.schema, table.name, names), strict=True))


def _with_ends(column: Column, ends: Ends) -> Column:
    low, high = ends.get(column.name, ("", ""))
    return replace(
        column, low=low if len(low) <= _LONGEST else "", high=high if len(high) <= _LONGEST else ""
    )


def _wanted(table: Table, *, uncounted: bool) -> list[str]:
    """Columns with a histogram whose ends a valid B-tree over every row can tell, in the column's own order."""
    leading = set()
    for existing in table.indexes:
        first = existing.index.keys[0]
        whole = existing.index.method == "btree" and not existing.index.predicate and not existing.partitioned
        usable = existing.valid and whole and (uncounted or existing.scans > 0)
        if usable and first.column and not first.opclass and not first.collation:
            leading.add(first.column)
    return [c.name for c in table.columns if c.name in leading and c.statistics and c.statistics.histogram]
