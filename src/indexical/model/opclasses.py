"""Operator classes and collations in one spelling: what is the default anyway, and which names mean the same.

From PostgreSQL's ``pg_opclass.dat`` (https://www.postgresql.org/docs/18/indexes-opclass.html) and the extensions that come
with it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from indexical.model.catalog import Column, Table
from indexical.model.index import Index, Key

_SORTED = frozenset(
    f"{name}_ops"
    for name in [
        "array",
        "bit",
        "bool",
        "bpchar",
        "bytea",
        "char",
        "cidr",
        "citext",
        "date",
        "enum",
        "float4",
        "float8",
        "hstore",
        "inet",
        "int2",
        "int4",
        "int8",
        "interval",
        "jsonb",
        "macaddr",
        "macaddr8",
        "money",
        "multirange",
        "name",
        "numeric",
        "oid",
        "oidvector",
        "pg_lsn",
        "range",
        "record",
        "text",
        "tid",
        "time",
        "timestamp",
        "timestamptz",
        "timetz",
        "tsquery",
        "tsvector",
        "uuid",
        "varbit",
        "varchar",
        "xid",
        "xid8",
        "cid",
        "aclitem",
    ]
)
_DEFAULTS = {
    "btree": _SORTED,
    "hash": _SORTED,
    "gin": frozenset({"array_ops", "jsonb_ops", "tsvector_ops", "gin_hstore_ops"}),
    "gist": frozenset(
        {"point_ops", "box_ops", "poly_ops", "circle_ops", "range_ops", "multirange_ops", "tsvector_ops", "tsquery_ops",
         "gist_hstore_ops"}
    ),
    "spgist": frozenset({"quad_point_ops", "box_ops", "poly_ops", "range_ops", "inet_ops", "text_ops"}),
    "brin": frozenset({f"{name[:-4]}_minmax_ops" for name in _SORTED - {"inet_ops", "range_ops"}})
    | {"range_inclusion_ops", "box_inclusion_ops", "inet_inclusion_ops"},
}  # fmt: skip
"""Classes that are some type's default, for each access method."""

_SHARED = {
    "text_ops": ("text", "character varying"),
    "varchar_ops": ("text", "character varying"),
    "text_minmax_ops": ("text", "character varying"),
    "bpchar_ops": ("character", "bpchar"),
    "oid_ops": ("oid", "reg"),
    "bit_ops": ("bit",),
    "varbit_ops": ("bit varying",),
}
"""Of those, the ones that other types can be given as well, and the types they are the default of."""

PATTERN = frozenset({"text_pattern_ops", "bpchar_pattern_ops"})
_ALIASES = {"varchar_pattern_ops": "text_pattern_ops"}
BYTEWISE = frozenset({"C", "POSIX", "ucs_basic", "pg_c_utf8"})
"""Collations that compare bytes, as the pattern classes always do."""
_COLLATED = ("text", "character", "name", "bpchar")


@lru_cache(maxsize=4096)
def plain_opclass(opclass: str, method: str) -> str:
    """The class without what goes without saying; empty for a default."""
    name = opclass.removeprefix("pg_catalog.")
    return "" if name in _DEFAULTS.get(method, ()) else _ALIASES.get(name, name)


def plain_collation(collation: str) -> str:
    name = collation.removeprefix("pg_catalog.").strip('"')
    return "" if name == "default" else name


def serves_key(mine: Key, theirs: Key) -> bool:
    """Whether a key in plain spelling answers what another one does.

    Where text is compared byte by byte, the ordinary class finds patterns too; the pattern class never serves ``<`` or an order.
    """
    if mine == theirs:
        return True
    return (
        theirs.opclass in PATTERN
        and not mine.opclass
        and mine.collation in BYTEWISE
        and replace(theirs, opclass="") == mine
    )


def settled(index: Index, table: Table, database_collation: str = "") -> Index:
    """The index with what depends on its columns' types said, for comparing only.

    A class that is the default of another type than the column's is no default there (``text_ops`` on a ``citext`` column), and a
    collation that compares bytes is named although the column, or the database, has it by itself.
    """
    keys = tuple(_settled(key, table.column(key.column), database_collation) for key in index.keys)
    return index if keys == index.keys else replace(index, keys=keys)


def _settled(key: Key, column: Column | None, database_collation: str) -> Key:
    if column is None:
        return key
    opclass = key.opclass.removeprefix("pg_catalog.")
    types = _SHARED.get(opclass)
    if types is not None and not column.type.startswith(types):
        key = replace(key, opclass=f"{opclass} on {column.type}")
    own = plain_collation(column.collation)
    if not own and database_collation in BYTEWISE and column.type.startswith(_COLLATED):
        own = database_collation
    if own and not key.collation:
        key = replace(key, collation=own)
    return key
