"""A catalog's schema as DDL for the twin.

Every text that comes from a catalog travels alone in a statement that may hold only one, as a role without any rights
beyond its own tables: a snapshot file is foreign input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from indexical.ddl import qualified, quote
from indexical.model import Catalog, Column, DomainType, EnumType, ExistingIndex, ForeignKey, Table

EXTENSIONS = frozenset(
    {
        "bloom", "btree_gin", "btree_gist", "citext", "cube", "earthdistance", "fuzzystrmatch", "hstore", "intarray", "isn",
        "ltree", "pg_trgm", "pgcrypto", "seg", "tablefunc", "unaccent", "uuid-ossp", "vector",
    }
)  # fmt: skip
"""Extensions that bring types, operators or functions a plan may need, and nothing that reaches outside."""


def schemas(catalog: Catalog) -> list[str]:
    names = {table.schema for table in catalog.tables}
    names |= {type.schema for type in catalog.enums} | {type.schema for type in catalog.domains}
    names |= {schema for name, schema in catalog.extension_schemas if name in EXTENSIONS}
    return sorted(name for name in names if name != "pg_catalog")


def create_enum(type: EnumType) -> str:
    labels = ", ".join("'" + label.replace("'", "''") + "'" for label in type.labels)
    return f"CREATE TYPE {qualified(type.schema, type.name)} AS ENUM ({labels})"


def create_domain(type: DomainType) -> str:
    return f"CREATE DOMAIN {qualified(type.schema, type.name)} AS {type.base}{'' if type.nullable else ' NOT NULL'}"


def create_table(table: Table) -> str:
    columns = ", ".join(_column(column) for column in table.columns)
    return f"CREATE TABLE {qualified(table.schema, table.name)} ({columns})"


def _column(column: Column) -> str:
    parts = [quote(column.name), column.type]
    if column.collation:
        parts.append("COLLATE " + ".".join(quote(part) for part in column.collation.split(".")))
    if not column.nullable:
        parts.append("NOT NULL")
    return " ".join(parts)


def add_constraint(existing: ExistingIndex) -> str:
    """Makes a constraint of a unique index that backs one; empty for an index that does not."""
    words = {"primary": "PRIMARY KEY", "unique": "UNIQUE"}
    kind = words.get(existing.constraint, "")
    index = existing.index
    plain = all(
        key.column and not key.opclass and not key.collation and not key.descending for key in index.keys
    )
    if not kind or not index.unique or index.predicate or not plain:
        return ""
    return (
        f"ALTER TABLE {qualified(index.schema, index.table)} ADD CONSTRAINT"
        f" {quote(existing.constraint_name or existing.name)} {kind} USING INDEX {quote(existing.name)}"
    )


def add_foreign_key(table: Table, key: ForeignKey) -> str:
    columns = ", ".join(quote(column) for column in key.columns)
    targets = ", ".join(quote(column) for column in key.target_columns)
    return (
        f"ALTER TABLE {qualified(table.schema, table.name)} ADD CONSTRAINT {quote(key.name)} FOREIGN KEY ({columns})"
        f" REFERENCES {qualified(key.target_schema, key.target_table)} ({targets})"
    )


def add_check(table: Table, name: str, definition: str) -> str:
    return f"ALTER TABLE {qualified(table.schema, table.name)} ADD CONSTRAINT {quote(name)} {definition}"


def modelled(tables: Iterable[Table]) -> Iterator[Table]:
    """Tables that the twin can stand for."""
    return (table for table in tables if table.kind in ("r", "m"))
