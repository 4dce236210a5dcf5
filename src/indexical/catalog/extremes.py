"""The true lowest and highest value of columns that lead a B-tree.

The planner asks an index for them when a condition lies at the end of a histogram (``get_actual_variable_range`` in
PostgreSQL's ``selfuncs.c``): rows that came after the last ANALYZE count. The planner twin has no rows to ask, so the
snapshot brings the answers. Each costs one descent of an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Column, Table
from indexical.pg.ends import lowest_and_highest
from indexical.pg.session import Session

_TIMEOUT_MS = "2000"


def read_extremes(
    session: Session, tables: Sequence[Table], missing: list[tuple[str, str]], *, uncounted: bool
) -> tuple[Table, ...]:
    """The tables with ``low`` and ``high`` filled in; what could not be read is added to ``missing``.

    ``uncounted`` says that the session's index scans do not count. Where they do, an index without any scan is left alone:
    the planner's own probes count too, so nothing has ever needed its ends, and our look would make it seem used.
    """
    return tuple(_with_extremes(session, table, missing, uncounted) for table in tables)


def _with_extremes(session: Session, table: Table, missing: list[tuple[str, str]], uncounted: bool) -> Table:
    leading = _leading_columns(table, uncounted)
    wanted = [c for c in table.columns if c.name in leading and c.statistics and c.statistics.histogram]
    if not wanted:
        return table
    found: dict[str, Column] = {}
    for column in wanted:
        try:
            with session.transaction(roll_back=True):
                session.set("statement_timeout", _TIMEOUT_MS, local=True)
                low, high = lowest_and_highest(session, table.schema, table.name, column.name)
        except ConnectionFailed:
            raise
        except DatabaseError as error:
            missing.append((f"{table.qualified}.{column.name}", f"its ends could not be read ({error})"))
            continue
        found[column.name] = replace(column, low=low, high=high)
    return replace(table, columns=tuple(found.get(column.name, column) for column in table.columns))


def _leading_columns(table: Table, uncounted: bool) -> set[str]:
    """Columns whose ends a valid B-tree over every row can tell, in the column's own order."""
    leading = set()
    for existing in table.indexes:
        first = existing.index.keys[0]
        whole = existing.index.method == "btree" and not existing.index.predicate
        usable = existing.valid and whole and (uncounted or existing.scans > 0)
        if usable and first.column and not first.opclass and not first.collation:
            leading.add(first.column)
    return leading
