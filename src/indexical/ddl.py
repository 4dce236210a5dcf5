"""Index to SQL, and back to nothing: the only renderer of index DDL.

Grammar: https://www.postgresql.org/docs/18/sql-createindex.html. Identifiers are always quoted where PostgreSQL needs it.
"""

from __future__ import annotations

import re

from indexical.errors import InputError
from indexical.model import Index, Key

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_LIBC_COLLATION = re.compile(
    r"(?:C|POSIX|[a-z]{2,3}(?:_[A-Z]{2})?)\.(?i:utf-?8|iso-?8859-?\d+|cp\d+|koi8-?\w+|euc-?\w+|big5\w*|gb\w+|tis-?620|sjis)(?:@\w+)?"
)
"""Collations that bear the operating system's names, such as ``en_US.utf8``: the dot in them separates no schema."""

_OPCLASS_SETTINGS = re.compile(
    r"\s*[a-z_]\w*\s*=\s*(?:'[\w.+-]*'|[\w.+-]+)(?:\s*,\s*[a-z_]\w*\s*=\s*(?:'[\w.+-]*'|[\w.+-]+))*\s*\)"
)

# Reserved and type-function keywords of PostgreSQL 18, as `pg_get_keywords()` lists them (catcode R and T).
_RESERVED_TEXT = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
    concurrently constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
    full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
    localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning
    right select session_user similar some symmetric system_user table tablesample then to trailing true union unique user
    using variadic verbose when where window with
    between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int
    integer interval json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
    json_serialize json_table json_value least merge_action national nchar none normalize nullif numeric out overlay
    position precision real row setof smallint substring time timestamp treat trim values varchar xmlattributes xmlconcat
    xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
"""
_RESERVED = frozenset(_RESERVED_TEXT.split())

MAX_IDENTIFIER = 63
"""Bytes; PostgreSQL cuts longer names silently."""


def quote(name: str) -> str:
    """An identifier as SQL, quoted only where PostgreSQL needs it.

    Raises :class:`InputError` for names that no PostgreSQL object can have.
    """
    if not name or "\x00" in name:
        raise InputError(
            f"{name!r} cannot be the name of a database object: it is empty or holds a NUL character"
        )
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    return f"{quote(schema)}.{quote(name)}"


def collation_sql(name: str) -> str:
    """A collation as the catalog names it, with or without its schema, quoted part by part."""
    schema, dot, rest = name.partition(".")
    if not dot or _LIBC_COLLATION.fullmatch(name):
        return quote(name)
    return qualified(schema, rest)


def _opclass_sql(opclass: str) -> str:
    """An operator class, perhaps of a schema, perhaps with parameters: ``public.gist_trgm_ops (siglen='32')``.

    Raises :class:`InputError` for parameters of any other form.
    """
    name, parenthesis, settings = opclass.partition("(")
    quoted = ".".join(quote(part) for part in name.strip().split("."))
    if not parenthesis:
        return quoted
    if not _OPCLASS_SETTINGS.fullmatch(settings):
        raise InputError(f"the operator class {opclass!r} has parameters of no known form")
    return f"{quoted} ({settings}"


def key_sql(key: Key) -> str:
    parts = [quote(key.column) if key.column else f"({key.expression})"]
    if key.collation:
        parts.append("COLLATE " + collation_sql(key.collation))
    if key.opclass:
        parts.append(_opclass_sql(key.opclass))
    if key.descending:
        parts.append("DESC")
    if not key.default_nulls:
        parts.append("NULLS FIRST" if key.nulls_first else "NULLS LAST")
    return " ".join(parts)


def create_index(index: Index, name: str, *, concurrently: bool = False, only: bool = False) -> str:
    """``CREATE INDEX`` for the index, without a closing semicolon; ``only`` leaves out a partitioned table's parts."""
    if len(name.encode()) > MAX_IDENTIFIER:
        raise InputError(
            f"the index name {name!r} is longer than {MAX_IDENTIFIER} bytes; choose a shorter one"
        )
    words = ["CREATE UNIQUE INDEX" if index.unique else "CREATE INDEX"]
    if concurrently:
        words.append("CONCURRENTLY")
    words.append(quote(name))
    words.append(f"ON {'ONLY ' if only else ''}{qualified(index.schema, index.table)}")
    if index.method != "btree":
        words.append(f"USING {quote(index.method)}")
    words.append(f"({', '.join(key_sql(key) for key in index.keys)})")
    if index.include:
        words.append(f"INCLUDE ({', '.join(quote(column) for column in index.include)})")
    if index.predicate:
        words.append(f"WHERE {index.predicate}")
    return " ".join(words)


def drop_index(schema: str, name: str, *, concurrently: bool = False) -> str:
    """``DROP INDEX``, always schema-qualified: an unqualified one can hit another schema's index."""
    return f"DROP INDEX {'CONCURRENTLY ' if concurrently else ''}{qualified(schema, name)}"
