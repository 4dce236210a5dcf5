"""What a server counted at a moment, and what two such moments together say about an index.

PostgreSQL's counters (https://www.postgresql.org/docs/18/monitoring-stats.html) are sums since a reset that it does not always
tell of; a sample keeps enough beside them to see every such break.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class NodeState:
    """Which server counted, and everything that moves when its counters begin anew."""

    system: str = ""
    """System identifier of the cluster; empty when our role may not read it."""
    database_oid: int = 0
    database: str = ""
    server_version: int = 0
    timeline: int = 0
    """Of the write-ahead log; 0 when our role may not read it."""
    standby: bool = False
    started: str = ""
    """When the postmaster started; a restart alone keeps the counters."""
    resets: tuple[tuple[str, str], ...] = ()
    """(what, when it was last reset), sorted: ``database``, and ``bgwriter``, ``wal``, ``archiver``, which move at a crash."""
    standbys: int = 0
    """Physical standbys that stream from it, or have a slot on it."""
    counted_since: str = ""
    """Since when the counters count, by the server's own account; empty when it does not tell."""
    counting: bool = True
    """Whether the server counts at all (``track_counts``)."""


@dataclass(frozen=True, slots=True)
class IndexUse:
    """One index as a server counted it."""

    oid: int
    schema: str
    table: str
    name: str
    definition: str = ""
    """Hash of its definition."""
    scans: int = 0
    tuples_read: int = 0
    tuples_fetched: int = 0
    last_scan: str = ""
    """Empty before PostgreSQL 16, and when there was none."""
    size: int = 0
    """Bytes."""
    blocks_hit: int = 0
    """Blocks of it that were found in the server's cache."""
    blocks_read: int = 0
    """Blocks that were not."""


@dataclass(frozen=True, slots=True)
class TableUse:
    """One table as a server counted it; blocks are of 8 KiB."""

    oid: int
    schema: str
    name: str
    inserts: int = 0
    updates: int = 0
    deletes: int = 0
    hot_updates: int = 0
    heap_hit: int = 0
    heap_read: int = 0
    index_hit: int = 0
    index_read: int = 0
    size: int = 0
    """Bytes of the rows' own file."""


@dataclass(frozen=True, slots=True)
class StatementUse:
    """One statement as ``pg_stat_statements`` counted it."""

    id: str
    """The server's queryid."""
    text: str
    """Its beginning, as the server normalised it, and without the literals that this leaves."""
    calls: int
    total_ms: float


@dataclass(frozen=True, slots=True)
class Sample:
    """The counters of one server at one moment."""

    node: str
    """What the server is called here, such as ``primary``; never its address or URL."""
    taken_at: str
    """By the server's own clock: ISO 8601, UTC."""
    state: NodeState
    indexes: tuple[IndexUse, ...] = ()
    tables: tuple[TableUse, ...] = ()
    statements: tuple[StatementUse, ...] = ()
    """The dearest ones."""
    statements_since: str = ""
    """When these were last reset; empty without statements."""
    statements_missing: str = ""
    """Why there are none; empty when there are."""


@dataclass(frozen=True, slots=True)
class NodeWindow:
    """The longest time up to now over which one server's counters of one index can be trusted."""

    node: str
    schema: str
    name: str
    since: str
    until: str
    seconds: float
    scans: int
    """Within the window."""
    last_used: str = ""
    restarted: str = ""
    """Why it does not begin earlier; empty when it begins with the first sample."""
    standby: bool = False
    standbys: int = 0


Use = Literal["used", "unused", "too-early", "not-measured"]


@dataclass(frozen=True, slots=True)
class UseVerdict:
    """Whether an index was used on any of the servers."""

    use: Use
    schema: str
    name: str
    reason: str
    """One sentence, with the window and the servers in it."""
    since: str = ""
    seconds: float = 0.0
    """What all servers' windows have in common."""
    scans: int = 0
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reverted:
    """An index that was taken back because it made something worse."""

    system: str
    database_oid: int
    schema: str
    table: str
    definition: str
    """The index's structure as text, without its name."""
    name: str
    at: str
    why: str
