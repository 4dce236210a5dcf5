"""A catalog without sample values: for a snapshot that leaves the house.

Most common values, histogram bounds and true extremes are pieces of the data. Without them PostgreSQL plans by what is left:
equality by the number of distinct values, an open range as half of the rows and one with two bounds as next to nothing
(``scalarineqsel`` and ``clauselist_selectivity_ext`` in PostgreSQL's sources). Literals in definitions stay: they are schema.
"""

from __future__ import annotations

from dataclasses import replace

from indexical.model import (
    Catalog,
    Column,
    ColumnStatistics,
    ExpressionStatistics,
    ExtendedStatistics,
    Table,
)

COST = (
    "left out of the snapshot: a common value is planned like a rare one, an open range as half of the rows, one with two bounds"
    " as a single row, LIKE and arrays by fixed shares; sizes, NULLs, distinct counts and order on disk are kept"
)


def without_values(catalog: Catalog) -> Catalog:
    """The catalog with no value of any row in its statistics; says so in ``not_examined``."""
    return replace(
        catalog,
        tables=tuple(_table(table) for table in catalog.tables),
        values_left_out=True,
        not_examined=tuple(sorted({*catalog.not_examined, ("sample values of columns", COST)})),
    )


def _table(table: Table) -> Table:
    return replace(
        table,
        columns=tuple(_column(column) for column in table.columns),
        extended_statistics=tuple(_extended(item) for item in table.extended_statistics),
        expression_statistics=tuple(
            ExpressionStatistics(item.index, item.position, _stripped(item.statistics))
            for item in table.expression_statistics
        ),
    )


def _column(column: Column) -> Column:
    tree = column.inherited_statistics
    return replace(
        column,
        statistics=_stripped(column.statistics) if column.statistics else None,
        inherited_statistics=_stripped(tree) if tree else None,
        low="",
        high="",
    )


def _stripped(statistics: ColumnStatistics) -> ColumnStatistics:
    return ColumnStatistics(
        null_fraction=statistics.null_fraction,
        average_width=statistics.average_width,
        distinct=statistics.distinct,
        correlation=statistics.correlation,
        element_count_histogram=statistics.element_count_histogram,
        range_empty_fraction=statistics.range_empty_fraction,
        inherited=statistics.inherited,
    )


def _extended(item: ExtendedStatistics) -> ExtendedStatistics:
    return replace(
        item,
        common_values="",
        common_nulls="",
        common_frequencies=(),
        common_base_frequencies=(),
        expression_statistics=tuple(_stripped(each) for each in item.expression_statistics),
    )
