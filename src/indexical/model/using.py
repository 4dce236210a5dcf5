"""How the indexes of a database are used, as a report shows it: figures of all servers, and a verdict on each index.

Counters are those of PostgreSQL's cumulative statistics (https://www.postgresql.org/docs/18/monitoring-stats.html).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from indexical.model.index import ExistingIndex
from indexical.model.maintenance import Bloat
from indexical.model.usage import UseVerdict

LEAST_HIT_RATIO = 0.95
"""Share of blocks found in the cache below which a report warns."""
FEWEST_BLOCKS = 1_000
"""Fewer blocks than these say nothing about a cache: it may just be filling."""
BLOATED_SHARE = 0.30
"""Share of an index that is air from which on it is called bloated; B-trees that are written at random settle at a fifth."""
BLOATED_BYTES = 512 * 1024

Standing = Literal[
    "invalid", "duplicate", "redundant", "used", "needed", "unused", "too-early", "not-measured"
]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks that were asked of the server's cache."""

    hit: int = 0
    read: int = 0

    @property
    def asked(self) -> int:
        return self.hit + self.read

    @property
    def share(self) -> float | None:
        """Share that was found; ``None`` when nothing was asked for, which is not the same as 0."""
        return self.hit / self.asked if self.asked else None

    @property
    def low(self) -> bool:
        """Whether it is low enough, over enough blocks, to warn."""
        return self.asked >= FEWEST_BLOCKS and self.hit < LEAST_HIT_RATIO * self.asked

    def plus(self, other: Blocks) -> Blocks:
        return Blocks(self.hit + other.hit, self.read + other.read)


@dataclass(frozen=True, slots=True)
class IndexUsage:
    """One index; figures are sums over the servers."""

    existing: ExistingIndex
    standing: Standing
    """What to think of it, one word."""
    reason: str
    verdict: UseVerdict
    """Of its scans alone, with the window."""
    scans: int = 0
    tuples_read: int = 0
    tuples_fetched: int = 0
    last_used: str = ""
    """ISO 8601; before PostgreSQL 16 no later than the sample in which more scans were first seen; empty when unknown."""
    blocks: Blocks = Blocks()
    bloat: Bloat | None = None
    covered_by: str = ""

    @property
    def name(self) -> str:
        return f"{self.existing.index.schema}.{self.existing.name}"

    @property
    def bloated(self) -> bool:
        found = self.bloat
        return found is not None and found.share >= BLOATED_SHARE and found.wasted >= BLOATED_BYTES


@dataclass(frozen=True, slots=True)
class TableUsage:
    """One table: writes as the primary counts them, blocks of all servers."""

    schema: str
    name: str
    size: int = 0
    indexes: int = 0
    index_size: int = 0
    inserts: int = 0
    updates: int = 0
    hot_updates: int = 0
    deletes: int = 0
    heap: Blocks = Blocks()
    index: Blocks = Blocks()

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def hot_share(self) -> float | None:
        """Share of updates that no index had to be told of; ``None`` without updates."""
        return self.hot_updates / self.updates if self.updates else None

    @property
    def index_entries(self) -> int:
        """Index entries that its writes made: one in every index for each row inserted or updated other than heap-only.

        An upper bound where indexes are partial.
        """
        return self.indexes * (self.inserts + self.updates - min(self.hot_updates, self.updates))


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """One server, and since when its counters count."""

    name: str
    standby: bool
    taken_at: str
    counted_since: str
    """Empty when the server does not tell."""
    samples: int
    """That the verdicts rest on, this moment's included."""
    first_sample: str
    scans: int
    heap: Blocks
    index: Blocks


@dataclass(frozen=True, slots=True)
class Usage:
    database: str
    server_version: int
    taken_at: str
    unused_after: float
    """Seconds without scans, on all servers, after which an index is called unused."""
    nodes: tuple[NodeUsage, ...]
    indexes: tuple[IndexUsage, ...]
    """By schema, table and name."""
    tables: tuple[TableUsage, ...]
    missing: tuple[tuple[str, str], ...] = ()
    """What could not be said, and exactly what it needs: (what, why)."""

    @property
    def heap(self) -> Blocks:
        return _sum(node.heap for node in self.nodes)

    @property
    def index(self) -> Blocks:
        return _sum(node.index for node in self.nodes)

    def of(self, *standings: Standing) -> tuple[IndexUsage, ...]:
        """Those of these standings, the largest first."""
        found = [each for each in self.indexes if each.standing in standings]
        return tuple(sorted(found, key=lambda each: (-each.existing.size, each.name)))

    def most_used(self, limit: int) -> tuple[IndexUsage, ...]:
        found = [each for each in self.indexes if each.scans > 0]
        return tuple(sorted(found, key=lambda each: (-each.scans, each.name))[:limit])


def _sum(blocks: Iterable[Blocks]) -> Blocks:
    total = Blocks()
    for each in blocks:
        total = total.plus(each)
    return total


@dataclass(frozen=True, slots=True)
class StatementChange:
    """What a statement did between two samples."""

    id: str
    text: str
    calls: int
    total_ms: float

    @property
    def mean_ms(self) -> float:
        return self.total_ms / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Growth:
    """A table or an index at both ends of a period; bytes."""

    kind: Literal["table", "index"]
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Review:
    """A period, from samples at both its ends."""

    period: str
    wanted_seconds: float
    seconds: float
    """What the samples reach back, at most the period."""
    since: str
    until: str
    samples: int
    scans: tuple[tuple[str, int], ...]
    """(``schema.index``, scans in the period), most first; only what can be trusted."""
    cut: tuple[tuple[str, str], ...]
    """Servers whose counters began anew within the period, and why."""
    growth: tuple[Growth, ...]
    statements: tuple[StatementChange, ...]
    statements_missing: str
    """Why there are none; empty when there are."""
    usage: Usage
