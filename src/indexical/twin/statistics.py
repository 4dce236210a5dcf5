"""Carries a catalog's column statistics over to the twin.

``pg_restore_attribute_stats`` (https://www.postgresql.org/docs/18/functions-admin.html#FUNCTIONS-ADMIN-STATSMOD), after
every index exists: creating an index on an empty table would reset the table's row count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Column, NotExamined, Table
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.twin.arrays import with_ends

_BATCH = 400


def restore(session: Session, tables: Iterable[Table]) -> list[NotExamined]:
    """Loads the statistics of the tables' columns; answers the columns for which that failed."""
    session.set("client_min_messages", "error")
    columns = [(table, column) for table in tables for column in table.columns if column.statistics]
    failed: list[NotExamined] = []
    for start in range(0, len(columns), _BATCH):
        failed += _restore(session, columns[start : start + _BATCH])
    return failed


def _restore(session: Session, columns: list[tuple[Table, Column]]) -> list[NotExamined]:
    records = [_record(number, table, column) for number, (table, column) in enumerate(columns)]
    try:
        rows = session.rows(load("twin_statistics"), (json.dumps(records),))
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        if len(columns) > 1:
            middle = len(columns) // 2
            return _restore(session, columns[:middle]) + _restore(session, columns[middle:])
        table, column = columns[0]
        return [_failure(table, column, str(error))]
    why = "the engine cannot read the values"
    lost = [columns[row["number"]] for row in rows if not row["loaded"]]
    return [_failure(table, column, why) for table, column in lost]


def _failure(table: Table, column: Column, why: str) -> NotExamined:
    return NotExamined(f"{table.qualified}.{column.name}", f"its statistics could not be loaded: {why}")


def _record(number: int, table: Table, column: Column) -> dict[str, Any]:
    statistics = column.statistics
    if statistics is None:
        raise ValueError("a column without statistics has nothing to restore")
    return {
        "number": number,
        "schema": table.schema,
        "table": table.name,
        "name": column.name,
        "null_fraction": statistics.null_fraction,
        "average_width": statistics.average_width,
        "distinct": statistics.distinct,
        "common_values": statistics.common_values or None,
        "common_frequencies": statistics.common_frequencies if statistics.common_values else None,
        "histogram": with_ends(statistics.histogram, column.low, column.high) or None,
        "correlation": statistics.correlation,
        "common_elements": statistics.common_elements or None,
        "common_element_frequencies": statistics.common_element_frequencies
        if statistics.common_elements
        else None,
        "element_count_histogram": statistics.element_count_histogram or None,
        "range_length_histogram": statistics.range_length_histogram or None,
        "range_empty_fraction": statistics.range_empty_fraction,
        "range_bounds_histogram": statistics.range_bounds_histogram or None,
    }
