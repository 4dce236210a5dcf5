"""What a database's tables and indexes take on disk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableStorage:
    """One table, in bytes."""

    table: str
    """``schema.name``"""
    table_bytes: int
    """Its rows, with what was stored out of line and the maps that belong to it."""
    index_bytes: int
    indexes: int
    """How many."""


@dataclass(frozen=True, slots=True)
class Storage:
    """One database at one moment, in bytes."""

    database_bytes: int
    """Everything in it, the system's own tables too."""
    tables: tuple[TableStorage, ...]
    """User tables, by name; of a partitioned table its partitions."""

    @property
    def table_bytes(self) -> int:
        return sum(table.table_bytes for table in self.tables)

    @property
    def index_bytes(self) -> int:
        return sum(table.index_bytes for table in self.tables)

    @property
    def indexes(self) -> int:
        return sum(table.indexes for table in self.tables)


def growth(before: Storage, after: Storage) -> float:
    """How much more the indexes take, as a share of the whole database before; negative when they take less."""
    return (after.index_bytes - before.index_bytes) / before.database_bytes if before.database_bytes else 0.0
