"""Carries a catalog's column and expression statistics over to the twin.

``pg_restore_attribute_stats`` (https://www.postgresql.org/docs/18/functions-admin.html#FUNCTIONS-ADMIN-STATSMOD), and rows of
``pg_statistic`` on engines that do not have it; after every index exists: creating an index on an empty table would reset
the table's row count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Column, ColumnStatistics, NotExamined, Table
from indexical.pg.capabilities import Capabilities
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.twin.arrays import elements, with_ends

_BATCH = 400


@dataclass(frozen=True, slots=True)
class _Target:
    """One attribute of one relation, and what is known of it."""

    schema: str
    relation: str
    name: str
    """A table's column; empty for the column of an index."""
    position: int
    statistics: ColumnStatistics
    low: str = ""
    high: str = ""

    @property
    def text(self) -> str:
        return f"{self.schema}.{self.relation}.{self.name or self.position}"


def restore(session: Session, tables: Iterable[Table]) -> list[NotExamined]:
    """Loads the statistics of the tables' columns and index expressions; answers those for which that failed."""
    session.set("client_min_messages", "error")
    targets = [target for table in tables for target in _targets(table)]
    failed: list[NotExamined] = []
    for start in range(0, len(targets), _BATCH):
        failed += _restore(session, targets[start : start + _BATCH])
    return failed


def restore_keys(session: Session, schema: str, name: str, keys: Mapping[int, ColumnStatistics]) -> None:
    """Gives an index statistics of its expression keys, by position; what the engine cannot read is left out."""
    for position, known in sorted(keys.items()):
        record = _record(0, _Target(schema, name, "", position, known))
        try:
            with session.transaction():
                session.rows(load(_query(session)), (json.dumps([record]),))
        except ConnectionFailed:
            raise
        except DatabaseError:
            # A value that the type does not take back, or a type without an order: PostgreSQL then guesses.
            continue


def _query(session: Session) -> str:
    restores = Capabilities(session.server_version).restore_statistics()
    return "twin_statistics" if restores else "twin_statistics_before_18"


def _targets(table: Table) -> Iterator[_Target]:
    for column in table.columns:
        for statistics in (column.statistics, column.inherited_statistics):
            if statistics is not None:
                yield _target(table, column, statistics)
    indexes = {existing.name for existing in table.indexes}
    for known in table.expression_statistics:
        if known.index in indexes:
            yield _Target(table.schema, known.index, "", known.position, known.statistics)


def _target(table: Table, column: Column, statistics: ColumnStatistics) -> _Target:
    low, high = ("", "") if statistics.inherited else (column.low, column.high)
    return _Target(table.schema, table.name, column.name, 0, statistics, low, high)


def _restore(session: Session, targets: list[_Target]) -> list[NotExamined]:
    records = [_record(number, target) for number, target in enumerate(targets)]
    try:
        rows = session.rows(load(_query(session)), (json.dumps(records),))
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        if len(targets) > 1:
            middle = len(targets) // 2
            return _restore(session, targets[:middle]) + _restore(session, targets[middle:])
        return [_failure(targets[0], str(error))]
    why = "the engine cannot read the values"
    lost = [targets[row["number"]] for row in rows if not row["loaded"]]
    return [_failure(target, why) for target in lost]


def _failure(target: _Target, why: str) -> NotExamined:
    return NotExamined(target.text, f"its statistics could not be loaded: {why}")


def _record(number: int, target: _Target) -> Mapping[str, Any]:
    statistics = target.statistics
    paired = _as_many(statistics.common_values, len(statistics.common_frequencies))
    # The frequencies of elements are followed by the lowest, the highest and, for arrays, that of NULL.
    elements_paired = any(
        _as_many(statistics.common_elements, len(statistics.common_element_frequencies) - more)
        for more in (2, 3)
    )
    return {
        "number": number,
        "schema": target.schema,
        "table": target.relation,
        "name": target.name or None,
        "position": target.position or None,
        "inherited": statistics.inherited,
        "null_fraction": statistics.null_fraction,
        "average_width": statistics.average_width,
        "distinct": statistics.distinct,
        "common_values": statistics.common_values if paired else None,
        "common_frequencies": statistics.common_frequencies if paired else None,
        "histogram": with_ends(statistics.histogram, target.low, target.high) or None,
        "correlation": statistics.correlation,
        "common_elements": statistics.common_elements if elements_paired else None,
        "common_element_frequencies": statistics.common_element_frequencies if elements_paired else None,
        "element_count_histogram": statistics.element_count_histogram or None,
        "range_length_histogram": statistics.range_length_histogram or None,
        "range_empty_fraction": statistics.range_empty_fraction,
        "range_bounds_histogram": statistics.range_bounds_histogram or None,
    }


def _as_many(values: str, count: int) -> bool:
    """Whether there is one value for each number: an engine that is told otherwise would read past the end."""
    return bool(values) and count > 0 and len(elements(values)) == count
