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
    """Over the rows of the table and of all its children or partitions."""


@dataclass(frozen=True, slots=True)
class ExpressionStatistics:
    """What ANALYZE knows of one expression key of an index."""

    index: str
    """The index's name; it is in the table's schema."""
    position: int
    """The key's place in the index, from 1."""
    statistics: ColumnStatistics


@dataclass(frozen=True, slots=True)
class ExtendedStatistics:
    """A statistics object (``CREATE STATISTICS``) and what it holds, as ``pg_stats_ext`` shows it.

    https://www.postgresql.org/docs/18/view-pg-stats-ext.html. Column numbers in the texts are the columns' ``position`` here,
    negative ones count the expressions. Empty values mean that it was never analysed or may not be seen.
    """

    schema: str
    name: str
    definition: str = ""
    """``pg_get_statisticsobjdef`` with an empty search_path."""
    columns: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    distinct: str = ""
    """Text of ``pg_ndistinct``: ``{"1, 2": 11}``."""
    dependencies: str = ""
    """Text of ``pg_dependencies``: ``{"1 => 2": 1.000000}``."""
    common_values: str = ""
    """Two-dimensional ``text[]`` in text form."""
    common_nulls: str = ""
    """Two-dimensional ``boolean[]`` in text form, true where the value is NULL."""
    common_frequencies: tuple[float, ...] = ()
    common_base_frequencies: tuple[float, ...] = ()
    expression_statistics: tuple[ColumnStatistics, ...] = ()
    """In the order of ``expressions``; empty when there are none."""
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
    """``pg_attribute.attgenerated``: s stored, v virtual, empty for an ordinary column."""
    identity: str = ""
    expression: str = ""
    """What a generated column is computed from, without outer parentheses."""
    inherited_statistics: ColumnStatistics | None = None
    """Those over the table and its children, where ``statistics`` are the table's own; else ``None``."""


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
    seconds: float = 0.0
    """How long they were counted; 0 when that is not known."""


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str
    columns: tuple[Column, ...]
    indexes: tuple[ExistingIndex, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    oid: int = 0
    kind: str = "r"
    """``pg_class.relkind``: r table, p partitioned table, m materialised view, f foreign table.

    The children of a partitioned table are tables of their own, with ``parents`` and ``partition_bound``.
    """
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
    options: tuple[tuple[str, str], ...] = ()
    """Storage parameters (``reloptions``), such as ``parallel_workers``, sorted by name."""
    tablespace: str = ""
    """Empty for the database's default."""
    partition_key: str = ""
    """``pg_get_partkeydef`` of a partitioned table: ``RANGE (created_at)``."""
    parents: tuple[tuple[str, str], ...] = ()
    """Schema and name of the tables it inherits from, or of the one it is a partition of, in their order."""
    partition_bound: str = ""
    """Of a partition: ``FOR VALUES FROM (...) TO (...)`` or ``DEFAULT``."""
    definition: str = ""
    """The query of a materialised view, as ``pg_get_viewdef`` prints it with an empty search_path."""
    server: str = ""
    """The foreign server of a foreign table; never its options."""
    access_method: str = ""
    """The table's access method when it is not ``heap``."""
    persistence: str = "p"
    """``relpersistence``: p permanent, u unlogged."""
    extended_statistics: tuple[ExtendedStatistics, ...] = ()
    expression_statistics: tuple[ExpressionStatistics, ...] = ()
    """Of the expression keys of its indexes."""

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
    collation: str = ""
    """Empty when it is the base type's default."""
    checks: tuple[tuple[str, str], ...] = ()
    """Name and ``pg_get_constraintdef``."""


@dataclass(frozen=True, slots=True)
class CompositeType:
    schema: str
    name: str
    attributes: tuple[tuple[str, str, str], ...]
    """Name, type and collation (empty for the type's default)."""


@dataclass(frozen=True, slots=True)
class RangeType:
    """A range type without functions of its own; one with any is named in ``Catalog.not_examined``."""

    schema: str
    name: str
    subtype: str
    opclass: str = ""
    """Empty when it is the subtype's default."""
    collation: str = ""
    multirange: str = ""
    """Name of its multirange type, in the same schema."""


@dataclass(frozen=True, slots=True)
class Collation:
    """A collation that somebody created (``CREATE COLLATION``)."""

    schema: str
    name: str
    provider: str
    """``libc``, ``icu`` or ``builtin``."""
    locale: str = ""
    """For ICU and builtin."""
    lc_collate: str = ""
    lc_ctype: str = ""
    deterministic: bool = True
    rules: str = ""


@dataclass(frozen=True, slots=True)
class View:
    schema: str
    name: str
    definition: str
    """``pg_get_viewdef`` with an empty search_path: a query, fully qualified."""
    columns: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """A function in SQL or PL/pgSQL that statements, indexes or views may call; never one in C."""

    schema: str
    name: str
    arguments: str
    """``pg_get_function_identity_arguments``; with the name it tells overloaded functions apart."""
    language: str
    definition: str
    """``pg_get_functiondef`` with an empty search_path: ``CREATE OR REPLACE FUNCTION ...``."""


@dataclass(frozen=True, slots=True)
class ScopedSetting:
    """A planner setting that holds for a role, for the database, or for a role in the database (``ALTER ROLE ... SET``)."""

    name: str
    value: str
    role: str = ""
    """Empty for every role."""
    everywhere: bool = False
    """Holds in every database; else in this one."""


@dataclass(frozen=True, slots=True)
class Tablespace:
    name: str
    options: tuple[tuple[str, str], ...] = ()
    """``random_page_cost`` and its like, sorted by name."""
    default: bool = False
    """It is the database's own."""


@dataclass(frozen=True, slots=True)
class Node:
    """One server whose use counters are part of the catalog. Neither its address nor its URL is kept."""

    name: str
    """``source``, ``replica 1``, ``replica 2`` ..., in the order they were named."""
    standby: bool = False
    server_version: int = 0
    taken_at: str = ""
    statistics_since: str = ""
    """As for the catalog, of this node alone."""
    scans: int = 0
    """Index scans this node contributed, all indexes together."""
    standbys: int = 0
    """Physical standbys that stream from it, or have a slot on it."""


@dataclass(frozen=True, slots=True)
class ServerStatement:
    """One row of ``pg_stat_statements``, as the server normalised it: constants are ``$n``."""

    text: str
    calls: int
    total_ms: float = 0.0
    rows: int = 0
    queryid: int = 0


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
    composites: tuple[CompositeType, ...] = ()
    """Each after the types it is made of."""
    ranges: tuple[RangeType, ...] = ()
    collations: tuple[Collation, ...] = ()
    views: tuple[View, ...] = ()
    """Plain views, each after those it reads from."""
    functions: tuple[Function, ...] = ()
    scoped_settings: tuple[ScopedSetting, ...] = ()
    """Weakest first, so that a later one wins: every role, role everywhere, role in this database."""
    tablespaces: tuple[Tablespace, ...] = ()
    nodes: tuple[Node, ...] = ()
    """Servers whose counters are summed in ``scans``; ``statistics_since`` is then the latest of theirs."""
    standby: bool = False
    """It was read from a standby."""
    standbys: int = 0
    """Physical standbys that the servers it was read from know of; those not in ``nodes`` may use what looks unused."""
    statements: tuple[ServerStatement, ...] = ()
    """What ``pg_stat_statements`` had; the busiest first."""
    statements_since: str = ""
    """When its counters were last reset; empty when unknown."""
    missing_rights: tuple[tuple[str, str], ...] = ()
    """Rights the role did not have, and what each costs: (right, cost)."""
    values_left_out: bool = False
    """Sample values (most common values, histogram bounds, extremes) are not in the statistics."""

    def table(self, schema: str, name: str) -> Table | None:
        return next((t for t in self.tables if t.schema == schema and t.name == name), None)

    def indexes(self) -> Iterator[ExistingIndex]:
        """Every existing index, table by table."""
        for table in self.tables:
            yield from table.indexes
