"""Everything a database holds besides statistics, so that two moments can be compared: catalog objects and rows.

A fingerprint is a dictionary: (kind, name) to what defines the object. Object ids and file numbers are part of it, so that an
object that was dropped and made again, or rebuilt, is not taken for the same one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg
from psycopg import sql

Key = tuple[str, str]

_USER = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(temp|toast_temp)'"

_CATALOG = f"""
SELECT 'schema', n.nspname::text, format('%s %s %s', n.oid, n.nspowner, n.nspacl)
  FROM pg_namespace n WHERE {_USER} AND n.nspname <> 'pg_toast'
UNION ALL
SELECT 'relation', format('%s.%s', n.nspname, c.relname),
       format('%s', ROW(c.oid, c.relkind, c.relowner, c.relam, c.relfilenode, c.reltablespace, c.relpersistence, c.relispartition,
              c.relreplident, c.relrowsecurity, c.relacl, c.reloptions, pg_get_expr(c.relpartbound, c.oid),
              CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END, obj_description(c.oid, 'pg_class')))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_USER} AND c.relkind NOT IN ('i', 'I')
UNION ALL
SELECT 'index', format('%s.%s', n.nspname, c.relname),
       format('%s', ROW(c.oid, c.relkind, c.relowner, c.relfilenode, c.reltablespace, c.reloptions, c.relispartition,
              i.indisunique, i.indisprimary, i.indisclustered, i.indisreplident, i.indisvalid, i.indisready, i.indislive,
              pg_get_indexdef(c.oid), obj_description(c.oid, 'pg_class')))
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_USER}
UNION ALL
SELECT 'column', format('%s.%s.%s', n.nspname, c.relname, a.attname),
       format('%s', ROW(a.attnum, a.atttypid, a.atttypmod, a.attnotnull, a.attcollation, a.attoptions, a.attacl, a.attstorage,
              a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)))
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE {_USER} AND n.nspname <> 'pg_toast' AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I')
UNION ALL
SELECT 'constraint', format('%s.%s.%s', n.nspname, c.relname, o.conname),
       format('%s', ROW(o.oid, pg_get_constraintdef(o.oid), o.convalidated, o.conindid::regclass))
  FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_USER}
UNION ALL
SELECT 'trigger', format('%s.%s.%s', n.nspname, c.relname, t.tgname),
       format('%s', ROW(t.oid, t.tgenabled, pg_get_triggerdef(t.oid)))
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE {_USER} AND NOT t.tgisinternal
UNION ALL
SELECT 'rule', format('%s.%s.%s', n.nspname, c.relname, r.rulename), format('%s', ROW(r.oid, pg_get_ruledef(r.oid)))
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_USER}
UNION ALL
SELECT 'policy', format('%s.%s.%s', n.nspname, c.relname, p.polname),
       format('%s', ROW(p.oid, p.polcmd, p.polroles, p.polqual, p.polwithcheck))
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_USER}
UNION ALL
SELECT 'function', p.oid::regprocedure::text, format('%s', ROW(p.oid, p.proowner, p.proacl, p.prosrc, p.proconfig, p.provolatile,
              p.prolang, p.prosecdef))
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_USER}
UNION ALL
SELECT 'type', format('%s.%s', n.nspname, t.typname), format('%s', ROW(t.oid, t.typtype, t.typowner, t.typacl))
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {_USER} AND n.nspname <> 'pg_toast'
UNION ALL
SELECT 'statistics', format('%s.%s', n.nspname, s.stxname), format('%s', ROW(s.oid, pg_get_statisticsobjdef(s.oid)))
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {_USER}
UNION ALL
SELECT 'inheritance', format('%s < %s', h.inhrelid::regclass, h.inhparent::regclass), h.inhseqno::text
  FROM pg_inherits h
UNION ALL
SELECT 'extension', extname::text, extversion FROM pg_extension
UNION ALL
SELECT 'event trigger', evtname::text, format('%s', ROW(oid, evtevent, evtenabled, evtfoid)) FROM pg_event_trigger
UNION ALL
SELECT 'publication', pubname::text, format('%s', ROW(oid, puballtables)) FROM pg_publication
UNION ALL
SELECT 'role setting', format('%s in %s', setrole::regrole, setdatabase), setconfig::text FROM pg_db_role_setting
 WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
UNION ALL
SELECT 'default rights', oid::text, defaclacl::text FROM pg_default_acl
"""

_TABLES = f"""
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE {_USER} AND n.nspname <> 'pg_toast' AND c.relkind IN ('r', 'm') ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The state of one database at one moment."""

    objects: dict[Key, str]
    rows: dict[Key, str]
    """For each table its number of rows and a hash of them all."""
    indexes: dict[int, tuple[str, str, str]]
    """Of every index, by oid: qualified name, kind of relation, and whether it is valid, ready, live as ``f/t/t``."""


def take(connection: psycopg.Connection[tuple[object, ...]], *, rows: bool = True) -> Fingerprint:
    """The state now. ``rows`` can be left out where they are too many, or a table is locked.

    Names are read with an empty search path, so that every one of them says its schema.
    """
    connection.execute("SET search_path = ''")
    connection.execute("SET lock_timeout = '30s'")
    # Format functions look the object up again, and one that goes away in between is an error: then it is asked once more.
    for attempt in range(5):
        try:
            objects = {(str(kind), str(name)): str(what) for kind, name, what in connection.execute(_CATALOG)}
            break
        except (psycopg.errors.UndefinedObject, psycopg.errors.UndefinedTable, psycopg.errors.InternalError):
            if attempt == 4:
                raise
            time.sleep(0.1)
    states = connection.execute(
        f"""SELECT i.indexrelid::int8, format('%s.%s', n.nspname, c.relname), c.relkind::text,
                   format('%s/%s/%s', i.indisvalid, i.indisready, i.indislive)
              FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE {_USER}"""
    )
    indexes = {int(str(oid)): (str(name), str(kind), str(state)) for oid, name, kind, state in states}
    return Fingerprint(objects, _rows(connection) if rows else {}, indexes)


def _rows(connection: psycopg.Connection[tuple[object, ...]]) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for schema, table in connection.execute(_TABLES).fetchall():
        # Addition does not mind the order of the rows, and unlike exclusive or it notices a row that is there twice.
        query = sql.SQL(
            "SELECT format('%s rows, hash %s', count(*), sum(hashtextextended(t::text, 0)::numeric)) FROM ONLY {} t"
        )
        row = connection.execute(query.format(sql.Identifier(str(schema), str(table)))).fetchone()
        found[("rows", f"{schema}.{table}")] = str(row[0]) if row else ""
    return found


def difference(before: dict[Key, str], after: dict[Key, str]) -> list[tuple[Key, str]]:
    """What appeared, went or changed, sorted."""
    told = []
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            told.append((key, "is gone"))
        elif key not in before:
            told.append((key, f"appeared: {after[key]}"))
        elif before[key] != after[key]:
            told.append((key, f"changed from {before[key]} to {after[key]}"))
    return told


def apply_change(base: dict[Key, str], before: dict[Key, str], after: dict[Key, str]) -> dict[Key, str]:
    """``base`` with what changed from ``before`` to ``after`` taken over."""
    moved = dict(base)
    for key in before.keys() | after.keys():
        if before.get(key) != after.get(key):
            if key in after:
                moved[key] = after[key]
            else:
                moved.pop(key, None)
    return moved
