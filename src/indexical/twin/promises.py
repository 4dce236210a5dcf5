"""What a table's constraints promise about how many different values its columns hold, alone and together.

ANALYZE guesses the distinct values of a long column from a sample, often several times too few
(https://www.postgresql.org/docs/18/planner-stats.html), and knows nothing of several columns together. A unique index and a
foreign key know for certain; only sizes use that, since the planner does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from indexical.model import Column, Table


def least_distinct(table: Table, name: str) -> float:
    """Values that the column has at least.

    Rows with one value of ``b`` have each another ``a`` where (a, b) is unique, so ``a`` has as many values as the most common
    ``b`` has rows; and at least all rows over the values of ``b``.
    """
    least = 0.0
    for existing in table.indexes:
        index = existing.index
        plain = (
            index.unique and not index.predicate and existing.valid and len(index.columns) == len(index.keys)
        )
        if not plain or name not in index.columns or len(index.keys) > 2:
            continue
        other = next((table.column(each) for each in index.columns if each != name), None)
        least = max(least, table.rows if len(index.keys) == 1 else _each_at_most_once(other, table.rows))
    return max(0.0, least)


def most_combinations(table: Table, names: Iterable[str], tables: Mapping[tuple[str, str], Table]) -> float:
    """Combinations that the columns have at most; infinite when nothing limits them.

    Those of a foreign key's columns are rows of the table it refers to.
    """
    held = set(names)
    most = float("inf")
    for key in table.foreign_keys:
        target = tables.get((key.target_schema, key.target_table))
        if len(key.columns) > 1 and target is not None and target.rows >= 1 and held == set(key.columns):
            most = min(most, target.rows)
    return most


def _each_at_most_once(other: Column | None, rows: float) -> float:
    statistics = other.statistics if other is not None else None
    if statistics is None or statistics.null_fraction > 0:
        return 0.0
    common = max(statistics.common_frequencies, default=0.0) * rows
    values = statistics.distinct if statistics.distinct > 0 else -statistics.distinct * rows
    return max(common, rows / values if values >= 1 else 0.0)
