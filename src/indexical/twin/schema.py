"""A catalog's schema as DDL for the twin.

Every text that comes from a catalog travels alone in a statement that may hold only one, as a role without any rights
beyond its own tables: a snapshot file is foreign input.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexical.ddl import collation_sql, create_index, qualified, quote
from indexical.model import (
    Catalog,
    Collation,
    Column,
    CompositeType,
    DomainType,
    EnumType,
    ExistingIndex,
    ForeignKey,
    RangeType,
    Table,
    View,
)

EXTENSIONS = frozenset(
    {
        "bloom", "btree_gin", "btree_gist", "citext", "cube", "earthdistance", "fuzzystrmatch", "hstore", "intarray", "isn",
        "ltree", "pg_trgm", "pgcrypto", "seg", "tablefunc", "unaccent", "uuid-ossp", "vector",
    }
)  # fmt: skip
"""Extensions that bring types, operators or functions a plan may need, and nothing that reaches outside."""

_PLAINLY = frozenset({"plpgsql", "pg_stat_statements", "pageinspect", "pg_buffercache", "pgstattuple"})
"""Extensions that no plan needs."""

_TABLE_OPTIONS = frozenset({"fillfactor", "parallel_workers"})
_INDEX_OPTIONS = frozenset(
    {
        "fillfactor",
        "deduplicate_items",
        "fastupdate",
        "pages_per_range",
        "autosummarize",
        "buffering",
        "gin_pending_list_limit",
    }
)
_VIEW_OPTIONS = frozenset({"security_barrier", "security_invoker"})
_VIRTUAL_SINCE = 18


def schemas(catalog: Catalog) -> list[str]:
    """Every schema in which the twin gets something."""
    kinds: tuple[Sequence[object], ...] = (
        catalog.tables, catalog.enums, catalog.domains, catalog.composites, catalog.ranges, catalog.collations,
        catalog.views, catalog.functions,
    )  # fmt: skip
    names = {str(getattr(each, "schema", "")) for kind in kinds for each in kind}
    names |= {known.schema for table in catalog.tables for known in table.extended_statistics}
    names |= {schema for name, schema in catalog.extension_schemas if name in EXTENSIONS}
    return sorted(name for name in names if name and name != "pg_catalog")


def foreign_extensions(catalog: Catalog) -> list[str]:
    """Extensions of the catalog that the twin never installs, by name."""
    return sorted(set(catalog.extensions) - EXTENSIONS - _PLAINLY)


def create_enum(type: EnumType) -> str:
    labels = ", ".join(_text(label) for label in type.labels)
    return f"CREATE TYPE {qualified(type.schema, type.name)} AS ENUM ({labels})"


def create_domain(type: DomainType) -> str:
    words = [f"CREATE DOMAIN {qualified(type.schema, type.name)} AS {type.base}"]
    words += [_collate(type.collation)] if type.collation else []
    words += [] if type.nullable else ["NOT NULL"]
    words += [f"CONSTRAINT {quote(name)} {definition}" for name, definition in type.checks]
    return " ".join(words)


def create_composite(type: CompositeType) -> str:
    attributes = ", ".join(
        f"{quote(name)} {kind}{' ' + _collate(collation) if collation else ''}"
        for name, kind, collation in type.attributes
    )
    return f"CREATE TYPE {qualified(type.schema, type.name)} AS ({attributes})"


def create_range(type: RangeType, major: int) -> str:
    options = [f"SUBTYPE = {type.subtype}"]
    options += [f"SUBTYPE_OPCLASS = {_dotted(type.opclass)}"] if type.opclass else []
    options += [f"COLLATION = {collation_sql(type.collation)}"] if type.collation else []
    if type.multirange:
        options.append(f"MULTIRANGE_TYPE_NAME = {qualified(type.schema, type.multirange)}")
    return f"CREATE TYPE {qualified(type.schema, type.name)} AS RANGE ({', '.join(options)})"


def create_collation(collation: Collation, major: int) -> str:
    options = [f"PROVIDER = {quote(collation.provider)}"]
    if collation.provider == "libc":
        options += [f"LC_COLLATE = {_text(collation.lc_collate)}", f"LC_CTYPE = {_text(collation.lc_ctype)}"]
    else:
        options.append(f"LOCALE = {_text(collation.locale)}")
    if not collation.deterministic:
        options.append("DETERMINISTIC = false")
    if collation.rules:
        options.append(f"RULES = {_text(collation.rules)}")
    return f"CREATE COLLATION {qualified(collation.schema, collation.name)} ({', '.join(options)})"


def create_view(view: View) -> str:
    columns = f" ({', '.join(quote(column) for column in view.columns)})" if view.columns else ""
    options = _options(view.options, _VIEW_OPTIONS)
    return f"CREATE VIEW {qualified(view.schema, view.name)}{columns}{options} AS {view.definition.rstrip().rstrip(';')}"


def create_table(table: Table, major: int = 18, tablespace: str = "") -> str:
    columns = ", ".join(_column(column, major) for column in table.columns)
    words = f"CREATE TABLE {qualified(table.schema, table.name)} ({columns})"
    if table.kind == "p":
        return f"{words} PARTITION BY {table.partition_key}"
    words += _options(table.options, _TABLE_OPTIONS)
    return f"{words} TABLESPACE {quote(tablespace)}" if tablespace else words


def attach(table: Table) -> list[str]:
    """Makes a table the partition or the child of its parents."""
    name = qualified(table.schema, table.name)
    if table.partition_bound:
        schema, parent = table.parents[0]
        return [f"ALTER TABLE {qualified(schema, parent)} ATTACH PARTITION {name} {table.partition_bound}"]
    return [f"ALTER TABLE {name} INHERIT {qualified(schema, parent)}" for schema, parent in table.parents]


def create_existing(existing: ExistingIndex, kind: str = "r", tablespace: str = "") -> str:
    """``CREATE INDEX`` with everything the planner looks at. Of a partitioned table it has no parts yet."""
    index = existing.index
    words = create_index(index, existing.name)
    if kind == "p":
        start = f"CREATE {'UNIQUE ' if index.unique else ''}INDEX {quote(existing.name)} ON "
        words = f"{start}ONLY {words[len(start) :]}"
    where = f" WHERE {index.predicate}" if index.predicate else ""
    words = words.removesuffix(where)
    words += " NULLS NOT DISTINCT" if existing.nulls_not_distinct else ""
    words += _options(existing.options, _INDEX_OPTIONS)
    words += f" TABLESPACE {quote(tablespace)}" if tablespace else ""
    return words + where


def add_constraint(existing: ExistingIndex, kind: str = "r") -> str:
    """Makes a constraint together with the index that backs it; empty for an index that backs none."""
    if not existing.constraint or not existing.constraint_definition:
        return ""
    index = existing.index
    only = "ONLY " if kind == "p" else ""
    return (
        f"ALTER TABLE {only}{qualified(index.schema, index.table)} ADD CONSTRAINT {quote(existing.name)}"
        f" {existing.constraint_definition}"
    )


def use_as_constraint(existing: ExistingIndex) -> str:
    """Makes a constraint of an index that stands already; empty for one that cannot back it."""
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


def attach_index(existing: ExistingIndex) -> str:
    return (
        f"ALTER INDEX {qualified(existing.parent_schema or existing.index.schema, existing.parent)}"
        f" ATTACH PARTITION {qualified(existing.index.schema, existing.name)}"
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


def _column(column: Column, major: int) -> str:
    parts = [quote(column.name), column.type]
    if column.collation:
        parts.append(_collate(column.collation))
    if column.generated == "v" and column.expression and major >= _VIRTUAL_SINCE:
        parts.append(f"GENERATED ALWAYS AS ({column.expression}) VIRTUAL")
    if not column.nullable:
        parts.append("NOT NULL")
    return " ".join(parts)


def _collate(name: str) -> str:
    return "COLLATE " + collation_sql(name)


def _dotted(name: str) -> str:
    return ".".join(quote(part) for part in name.split("."))


def _options(options: Sequence[tuple[str, str]], known: frozenset[str]) -> str:
    kept = [f"{name} = {_text(value)}" for name, value in options if name in known]
    return f" WITH ({', '.join(kept)})" if kept else ""


def _text(value: str) -> str:
    # standard_conforming_strings is on: a backslash is an ordinary character.
    return "'" + value.replace("'", "''") + "'"
