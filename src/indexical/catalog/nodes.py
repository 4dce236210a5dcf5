"""Use counters of several servers as one: every standby counts for itself what it scans.

An index that only a standby reads has no scan on the primary, so it seems unused there. Scans are summed, the last use is the
latest, and counters are only as old as the youngest of the servers' (their windows are kept, one by one).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indexical.errors import InputError
from indexical.model import Catalog, ExistingIndex, Node, Table, WriteCounters
from indexical.pg.database import database_row
from indexical.pg.queries import load
from indexical.pg.session import Session

Place = tuple[str, str, str]
"""Schema, table and index."""

WRITES_UNKNOWN = (
    "writes",
    "the source is a standby, and only the primary counts writes; name it with --replica URL",
)


@dataclass(frozen=True, slots=True)
class NodeUse:
    """What one server counted."""

    node: Node
    database: str
    identity: tuple[str, str, int]
    """System identifier (empty when it may not be asked), start time, database oid."""
    scans: Mapping[Place, tuple[int, str]]
    """Scans and time of the last one."""
    writes: Mapping[tuple[str, str], WriteCounters]


def read_use(session: Session, name: str) -> NodeUse:
    """The counters of the server behind a session. Raises :class:`indexical.errors.DatabaseError`."""
    with session.transaction(roll_back=True, one_moment=True):
        session.set("TimeZone", "UTC", local=True)
        session.set("search_path", "", local=True)
        database = database_row(session)
        identity = session.rows(load("node"))[0]
        scans = {
            (row["schema"], row["table"], row["name"]): (int(row["scans"]), str(row["last_used"]))
            for row in session.rows(load("index_use"))
        }
        writes = {
            (row["schema"], row["name"]): _writes(row, database["seconds"])
            for row in session.rows(load("table_writes"))
        }
    node = Node(
        name=name,
        standby=database["standby"],
        server_version=database["version"],
        taken_at=database["taken_at"],
        statistics_since=database["statistics_since"],
        scans=sum(count for count, _ in scans.values()),
        standbys=database["standbys"],
    )
    return NodeUse(
        node,
        database["name"],
        (identity["system"], identity["started"], identity["database"]),
        scans,
        writes,
    )


def _writes(row: Mapping[str, Any], seconds: float) -> WriteCounters:
    return WriteCounters(row["inserts"], row["updates"], row["hot_updates"], row["deletes"], seconds)


def merged(catalog: Catalog, source: NodeUse, replicas: Sequence[NodeUse]) -> Catalog:
    """The catalog with the replicas' counters added to its own.

    Raises :class:`InputError` when a replica is the source itself, is named twice, or belongs to another cluster.
    """
    _refuse_strangers(source, replicas)
    primary = next((use for use in (source, *replicas) if not use.node.standby), None)
    missing = set(catalog.not_examined)
    if primary is not None:
        missing.discard(WRITES_UNKNOWN)
    tables = tuple(_table(table, source, replicas, primary) for table in catalog.tables)
    since = [use.node.statistics_since for use in (source, *replicas)]
    return replace(
        catalog,
        tables=tables,
        nodes=tuple(use.node for use in (source, *replicas)),
        standbys=max(use.node.standbys for use in (source, *replicas)),
        # Unknown on one of them is unknown for all: an empty text says that.
        statistics_since=max(since) if all(since) else "",
        not_examined=tuple(sorted(missing)),
    )


def _refuse_strangers(source: NodeUse, replicas: Sequence[NodeUse]) -> None:
    seen = {source.identity: "the source"}
    for use in replicas:
        name = use.node.name
        if use.identity in seen:
            raise InputError(f"{name} is {seen[use.identity]} once more; name each server once")
        same = use.identity[0] == source.identity[0] or not (use.identity[0] and source.identity[0])
        if use.database != source.database or not same:
            raise InputError(
                f"{name} is not a standby of the source (another cluster or another database); name one that is"
            )
        seen[use.identity] = name


def _table(table: Table, source: NodeUse, replicas: Sequence[NodeUse], primary: NodeUse | None) -> Table:
    writes = table.writes
    if primary is not None and primary is not source:
        writes = primary.writes.get((table.schema, table.name), writes)
    return replace(
        table, writes=writes, indexes=tuple(_index(existing, replicas) for existing in table.indexes)
    )


def _index(existing: ExistingIndex, replicas: Sequence[NodeUse]) -> ExistingIndex:
    place = (existing.index.schema, existing.index.table, existing.name)
    uses = [use.scans[place] for use in replicas if place in use.scans]
    return replace(
        existing,
        scans=existing.scans + sum(count for count, _ in uses),
        last_used=max([existing.last_used, *(last for _, last in uses)]),
    )
