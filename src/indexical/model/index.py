"""What an index is: identity by structure, not by name.

Two indexes are the same index when they have the same structure, whatever they are called and wherever they are stored.
Terms follow PostgreSQL's "Indexes" chapter (https://www.postgresql.org/docs/18/indexes.html).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One key of an index: a column or an expression, never both.

    Empty strings stand for "not given", so that keys have a total order and output is deterministic.
    """

    column: str = ""
    """The column's bare name, unquoted as the catalog has it."""
    expression: str = ""
    """SQL text of an expression key, without the outer parentheses."""
    opclass: str = ""
    """Operator class when it is not the type's default, such as ``varchar_pattern_ops``."""
    collation: str = ""
    """Collation when it is not the column's own."""
    descending: bool = False
    nulls_first: bool = False
    """PostgreSQL's defaults are NULLS LAST for ascending and NULLS FIRST for descending keys."""

    def __post_init__(self) -> None:
        if bool(self.column) == bool(self.expression):
            raise ValueError("a key is either a column or an expression")

    def __hash__(self) -> int:
        # Asked for millions of times in a search; these two fields part almost all keys.
        return hash((self.column, self.expression))

    @classmethod
    def asc(cls, column: str) -> Key:
        return cls(column=column)

    @classmethod
    def desc(cls, column: str) -> Key:
        """A descending key with PostgreSQL's default for it, NULLS FIRST."""
        return cls(column=column, descending=True, nulls_first=True)

    @property
    def default_nulls(self) -> bool:
        """Whether NULLs stand where PostgreSQL puts them when nothing is said."""
        return self.nulls_first == self.descending

    @property
    def text(self) -> str:
        """The key as people write it, without quoting: ``created_at DESC``."""
        parts = [self.column or f"({self.expression})"]
        if self.collation:
            parts.append(f"COLLATE {self.collation}")
        if self.opclass:
            parts.append(self.opclass)
        if self.descending:
            parts.append("DESC")
        if not self.default_nulls:
            parts.append("NULLS FIRST" if self.nulls_first else "NULLS LAST")
        return " ".join(parts)


@dataclass(frozen=True, slots=True, order=True)
class Index:
    """The structure of an index. No name, no size, no oid: those belong to :class:`ExistingIndex`."""

    schema: str
    table: str
    keys: tuple[Key, ...]
    method: str = "btree"
    include: tuple[str, ...] = ()
    predicate: str = ""
    """SQL text of a partial index's WHERE, without outer parentheses; empty when the index covers every row."""
    unique: bool = False

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("an index has at least one key")

    def __hash__(self) -> int:
        # As with keys: what is left out differs seldom.
        return hash((self.table, self.keys, self.include, self.predicate))

    @property
    def columns(self) -> tuple[str, ...]:
        """The plain key columns in order; expression keys are left out."""
        return tuple(key.column for key in self.keys if key.column)

    @property
    def qualified_table(self) -> str:
        """``schema.table`` for people and for mapping keys; never for SQL."""
        return f"{self.schema}.{self.table}"

    @property
    def text(self) -> str:
        """The index as people write it: ``public.orders (user_id, created_at DESC) INCLUDE (total) WHERE paid``."""
        text = f"{self.qualified_table} ({', '.join(key.text for key in self.keys)})"
        if self.method != "btree":
            text = f"{text} USING {self.method}"
        if self.include:
            text = f"{text} INCLUDE ({', '.join(self.include)})"
        if self.predicate:
            text = f"{text} WHERE {self.predicate}"
        return f"UNIQUE {text}" if self.unique else text


@dataclass(frozen=True, slots=True, order=True)
class MadeFor:
    """The table that an index was advised for, by which a table that has changed since is known."""

    table_oid: int = 0
    """0 when unknown."""
    columns: tuple[tuple[str, str], ...] = ()
    """Name and type of every column that the index holds or asks about, sorted."""


@dataclass(frozen=True, slots=True, order=True)
class ExistingIndex:
    """An index that a database has, as the catalog describes it at one moment."""

    name: str
    index: Index
    oid: int = 0
    size: int = 0
    """Bytes of the main fork."""
    tuples: float = 0.0
    height: int = -1
    """Levels above the leaves of a B-tree, as ``bt_metap`` says; -1 when it could not be read."""
    scans: int = 0
    last_used: str = ""
    """ISO 8601 time of the last scan; empty when unknown (before PostgreSQL 16) or never."""
    constraint: str = ""
    """``primary``, ``unique``, ``exclusion``, or empty for a plain index."""
    constraint_name: str = ""
    foreign_key_target: bool = False
    """A foreign key of another table relies on this index, with or without a constraint."""
    valid: bool = True
    ready: bool = True
    clustered: bool = False
    replica_identity: bool = False
    definition: str = ""
    """``pg_get_indexdef`` with an empty search_path: fully qualified."""
    comment: str = ""
    tablespace: str = ""
    options: tuple[tuple[str, str], ...] = ()
    """Storage parameters (``reloptions``), such as ``fillfactor``, sorted by name."""
    nulls_not_distinct: bool = False
    deferrable: bool = False
    """Its constraint may be deferred: the planner then does not trust it to be unique."""
    initially_deferred: bool = False
    constraint_definition: str = ""
    """``pg_get_constraintdef`` of the constraint it backs."""
    partitioned: bool = False
    """The index of a partitioned table: it has no file, the indexes attached to it have."""
    parent_schema: str = ""
    parent: str = ""
    """The partitioned index it is attached to; empty for none."""

    @property
    def backs_constraint(self) -> bool:
        return bool(self.constraint)
