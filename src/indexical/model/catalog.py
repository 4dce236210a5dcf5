"""What a database holds, read once: schema, statistics, indexes and their use, settings.

A :class:`Catalog` is one moment of one database and is never asked again. The statistics are those of PostgreSQL's
``pg_class`` and ``pg_stats`` (https://www.postgresql.org/docs/18/view-pg-stats.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from indexical.model.index import ExistingIndex


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """One row of ``pg_stats``; array values are kept in PostgreSQL's own text form, as ``{a,b}``.

    Empty strings mean that PostgreSQL has no such statistic, or that values were left out of the snapshot.
    """

    null_fraction: float = 0.0
    average_width: int = 0
    """Bytes."""
    distinct: float = 0.0
    """As ``n_distinct``: positive is a count, negative a share of the rows, 0 unknown."""
    common_values: str = ""
    common_frequencies: tuple[float, ...] = ()
    histogram: str = ""
    correlation: float | None = None
    common_elements: str = ""
    common_element_frequencies: tuple[float, ...] = ()
    element_count_histogram: tuple[float, ...] = ()
    range_length_histogram: str = ""
    range_empty_fraction: float | None = None
    range_bounds_histogram: str = ""
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    """As ``format_type`` prints it, schema-qualified where needed: ``character varying(20)``, ``uuid``."""
    position: int = 0
    nullable: bool = True
    collation: str = ""
    """Empty when it is the type's default."""
    statistics: ColumnStatistics | None = None
    low: str = ""
    high: str = ""
    """True extremes of a column that leads a valid B-tree, in text form; empty when they were not read."""
    type_kind: str = "b"
    """``pg_type.typtype``: b base, e enum, d domain, c composite, r range."""
    storage: str = ""
    generated: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    name: str
    columns: tuple[str, ...]
    target_schema: str
    target_table: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WriteCounters:
    """What ``pg_stat_user_tables`` counted since the statistics were last reset."""

    inserts: int = 0
    updates: int = 0
    hot_updates: int = 0
    deletes: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str
    columns: tuple[Column, ...]
    indexes: tuple[ExistingIndex, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    oid: int = 0
    kind: str = "r"
    """``pg_class.relkind``: r table, p partitioned table, m materialised view, f foreign table."""
    rows: float = 0.0
    """``reltuples``; -1 when the table was never analysed."""
    pages: int = 0
    """The main fork's length in pages of 8 KiB, which is what the planner trusts."""
    visible_pages: int = 0
    writes: WriteCounters = field(default_factory=WriteCounters)
    checks: tuple[tuple[str, str], ...] = ()
    """Check constraints: name and ``pg_get_constraintdef``."""
    last_analyzed: str = ""
    owner: str = ""
    fillfactor: int = 100
    analysed_pages: int = -1
    """``relpages``: the length when ``rows`` was counted; the planner scales by the two. -1 means as ``pages``."""

    @property
    def qualified(self) -> str:
        """``schema.table`` for people and mapping keys; never for SQL."""
        return f"{self.schema}.{self.name}"

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class EnumType:
    schema: str
    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DomainType:
    schema: str
    name: str
    base: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Catalog:
    database: str
    server_version: int
    """``server_version_num``: 180006 is 18.6."""
    server_version_text: str
    tables: tuple[Table, ...]
    taken_at: str = ""
    """ISO 8601, UTC."""
    statistics_since: str = ""
    """When the counters were last reset, as far as PostgreSQL tells; empty when it does not."""
    settings: tuple[tuple[str, str], ...] = ()
    """Planner settings, name and value, sorted."""
    extensions: tuple[str, ...] = ()
    enums: tuple[EnumType, ...] = ()
    domains: tuple[DomainType, ...] = ()
    not_examined: tuple[tuple[str, str], ...] = ()
    """What could not be read, and why: (what, why)."""
    extension_schemas: tuple[tuple[str, str], ...] = ()
    """Extension and the schema its objects are in."""

    def table(self, schema: str, name: str) -> Table | None:
        return next((t for t in self.tables if t.schema == schema and t.name == name), None)

    def indexes(self) -> Iterator[ExistingIndex]:
        """Every existing index, table by table."""
        for table in self.tables:
            yield from table.indexes
