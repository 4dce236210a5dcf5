"""How much of an index is air: measured by ``pgstattuple`` where that may be called, else estimated from statistics.

``pgstatindex`` reads every page of a B-tree (https://www.postgresql.org/docs/18/pgstattuple.html). The estimate follows the page
layout of B-trees (https://www.postgresql.org/docs/18/btree.html#BTREE-STRUCTURE) and leaves deduplication out, so that it
takes a fresh index to be larger than it may be: it rather finds too little bloat than too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isnan
from typing import Any

from indexical.ddl import qualified
from indexical.errors import ConnectionFailed, DatabaseError, RightMissing
from indexical.model.maintenance import Bloat
from indexical.pg.capabilities import Capability
from indexical.pg.queries import load
from indexical.pg.session import Session

_ALIGN = 8
_TUPLE_HEADER = 8
_NULL_BITMAP = 8
_LINE_POINTER = 4
_PAGE_HEADER = 40
"""Of a page of a B-tree: 24 bytes at its beginning, 16 at its end."""
_CANCELLED = "57014"
_LOCKED = "55P03"
PATIENCE_MS = 120_000
"""How long one index may be read."""


def can_measure(session: Session) -> Capability:
    """Whether :func:`measured` can answer here, or exactly what is missing. Raises :class:`DatabaseError`."""
    return _found(session)[1]


def estimate(session: Session, index_oids: Iterable[int]) -> dict[int, Bloat]:
    """What the statistics say of each B-tree, by oid; an index that is gone is left out.

    Reads the catalog only. Raises :class:`DatabaseError`.
    """
    oids = sorted(set(index_oids))
    if not oids:
        return {}
    rows = session.rows(load("bloat_indexes"), {"oids": oids})
    return {row["oid"]: _estimated(row) for row in rows}


def measured(session: Session, oid: int, *, patience_ms: int = PATIENCE_MS) -> Bloat:
    """What reading the whole index says; ``not-measured`` says why it could not be read.

    Takes ``ACCESS SHARE`` on it, as any query does. Raises :class:`ConnectionFailed`.
    """
    schema, able = _found(session)
    if not able:
        return Bloat(oid, "not-measured", reason=able.reason)
    rows = session.rows(load("bloat_indexes"), {"oids": [oid]})
    if not rows:
        return Bloat(oid, "not-measured", reason="the index is gone")
    row = rows[0]
    if row["method"] != "btree" or row["kind"] != "i":
        what = "partitioned index, which has no pages" if row["kind"] != "i" else f"{row['method']} index"
        return Bloat(
            oid, "not-measured", row["size"], reason=f"pgstatindex reads B-trees, and this is a {what}"
        )
    call = f"SELECT * FROM {qualified(schema, 'pgstatindex')}(%s::oid::regclass)"  # noqa: S608 - a schema of the catalog, quoted
    try:
        with session.transaction(roll_back=True):
            session.set("statement_timeout", f"{patience_ms}ms", local=True)
            read = session.rows(call, (oid,))[0]
    except ConnectionFailed:
        raise
    except RightMissing:
        return Bloat(oid, "not-measured", row["size"], reason=_NO_RIGHT)
    except DatabaseError as error:
        return Bloat(oid, "not-measured", row["size"], reason=_unread(error, patience_ms))
    return _measured(oid, read, row["fillfactor"] / 100, row["block"])


_NO_RIGHT = "our role may not call pgstatindex; run: GRANT pg_stat_scan_tables TO it"


def _found(session: Session) -> tuple[str, Capability]:
    rows = session.rows(load("bloat_capability"))
    if not rows:
        missing = "pgstattuple is not in this database; run: CREATE EXTENSION pgstattuple"
        return "", Capability(False, missing)
    allowed = bool(rows[0]["allowed"])
    return rows[0]["schema"], Capability(allowed, "" if allowed else _NO_RIGHT)


def _unread(error: DatabaseError, patience_ms: int) -> str:
    if error.code == _CANCELLED:
        return f"pgstatindex did not end within {patience_ms / 1000:.0f} s"
    if error.code == _LOCKED:
        return "somebody holds a lock on it that keeps even readers out"
    return f"pgstatindex could not read it (SQLSTATE {error.code or 'none'})"


def _measured(oid: int, read: Mapping[str, Any], fill: float, block: int) -> Bloat:
    size, leaves = int(read["index_size"]), int(read["leaf_pages"])
    density = float(read["avg_leaf_density"]) / 100
    if isnan(density) or leaves == 0:
        density = 0.0
    unused = int(read["empty_pages"]) + int(read["deleted_pages"])
    # At least one leaf is left, however few entries there are.
    needed = max(1.0, leaves * density / fill) if leaves else 0.0
    wasted = max(0.0, leaves - needed) + unused
    return Bloat(oid, "measured", size, min(size, int(wasted * block)), density)


def _estimated(row: Mapping[str, Any]) -> Bloat:
    oid, size, block = row["oid"], row["size"], row["block"]
    if row["method"] != "btree" or row["kind"] != "i":
        return Bloat(oid, "not-measured", size, reason="the sizes of B-trees only are estimated")
    if row["unknown"]:
        reason = "the planner has no width of a column of it, or our role may not see it; ANALYZE the table"
        return Bloat(oid, "not-measured", size, reason=reason)
    if row["tuples"] <= 0:
        return Bloat(oid, "not-measured", size, reason="how many entries it has was never counted")
    keys = -(-row["width"] // _ALIGN) * _ALIGN
    entry = _TUPLE_HEADER + (_NULL_BITMAP if row["nullable"] else 0) + keys + _LINE_POINTER
    per_page = max(1.0, (block - _PAGE_HEADER) * row["fillfactor"] / 100 / entry)
    leaves = -(-row["tuples"] // per_page)
    # The metapage, and the pages above the leaves: hardly one in a hundred.
    expected = int((1 + leaves * 1.01) * block)
    return Bloat(oid, "estimate", size, max(0, size - expected))
