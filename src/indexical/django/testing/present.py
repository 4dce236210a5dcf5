"""What the test database has under an index's name, as the test's own transaction sees it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from django.db import connections

_NAMED = """
SELECT n.nspname, t.relname, i.indisvalid AND i.indisready AND i.indislive, i.indpred IS NOT NULL, c.relkind = 'I',
       i.indrelid::bigint, pg_catalog.pg_get_indexdef(i.indexrelid),
       pg_catalog.format('CREATE %%sINDEX %%I ON %%s%%I.%%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname,
                         CASE WHEN c.relkind = 'I' THEN 'ONLY ' ELSE '' END, n.nspname, t.relname)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
  JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
 WHERE c.relname = %s AND n.nspname <> 'pg_toast' AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
 ORDER BY pg_catalog.pg_table_is_visible(t.oid) DESC, n.nspname
"""
_NAMES = """
SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('i', 'I') AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Present:
    name: str
    schema: str
    table: str
    valid: bool
    partial: bool
    partitioned: bool
    table_oid: int
    keys: str
    """The definition from ``USING`` on, as the server words it."""


def present(name: str, alias: str) -> Present | None:
    """The index of this name, the one on the search path first; None when there is none."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_NAMED, [name])
        row = cursor.fetchone()
    if row is None:
        return None
    schema, table, valid, partial, partitioned, oid, definition, head = row
    return Present(name, schema, table, valid, partial, partitioned, oid, definition.removeprefix(head))


def names_on(name: str, alias: str) -> str:
    """What the name may have been meant to be, as the end of a sentence."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_NAMES)
        names = [row[0] for row in cursor.fetchall()]
    near = difflib.get_close_matches(name, names, n=3)
    return f"; it has {', '.join(near)}" if near else ""
