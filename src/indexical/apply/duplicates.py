"""Rows in the way of a unique index, counted before it is begun: a build that finds them has read the whole table twice."""

from __future__ import annotations

from indexical.apply.run import Site
from indexical.ddl import collation_sql, qualified, quote
from indexical.errors import DatabaseError
from indexical.model import Index, Key
from indexical.pg.definition import own_words

_TIME_MS = 30_000
_ENOUGH = 1000


def duplicates(site: Site, index: Index) -> str:
    """How many keys more than one row has, in words and without any value; empty for none, or when it takes too long."""
    keys = ", ".join(_key(key) for key in index.keys)
    # NULLs are distinct in a unique index.
    conditions = [f"{_key(key)} IS NOT NULL" for key in index.keys]
    if index.predicate:
        conditions.append(f"({index.predicate})")
    # One statement, whatever the texts are: the protocol takes no second one, and the transaction only reads.
    sql = (
        "SELECT count(*) AS keys, COALESCE(sum(held), 0)::bigint AS rows FROM ("  # noqa: S608
        f"SELECT count(*) AS held FROM {qualified(index.schema, index.table)} WHERE {' AND '.join(conditions)} "
        f"GROUP BY {keys} HAVING count(*) > 1 LIMIT {_ENOUGH}) repeated"
    )
    try:
        with own_words(site.monitor, index), site.monitor.transaction(one_moment=True):
            site.monitor.set("statement_timeout", str(_TIME_MS), local=True)
            row = site.monitor.rows(sql)[0]
    except DatabaseError:
        if site.monitor.closed:
            raise
        return ""  # The build itself will tell.
    if not row["keys"]:
        return ""
    many = "at least " if row["keys"] >= _ENOUGH else ""
    return (
        "the table holds duplicate values, so the index cannot be unique: "
        f"{many}{row['keys']} keys are shared by {row['rows']} rows"
    )


def _key(key: Key) -> str:
    text = quote(key.column) if key.column else f"({key.expression})"
    return f"{text} COLLATE {collation_sql(key.collation)}" if key.collation else text
