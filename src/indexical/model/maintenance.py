"""What a database needs to be kept well, and what was looked at to say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["leftovers", "vacuum", "analyze", "reindex"]
KINDS: tuple[Kind, ...] = ("leftovers", "vacuum", "analyze", "reindex")
"""In the order in which they are done: rows first, since a rebuild then has fewer of them to read."""


@dataclass(frozen=True, slots=True)
class Bloat:
    """How much of an index would not be there if it had been built this moment."""

    oid: int
    how: Literal["measured", "estimate", "not-measured"]
    """``estimate`` is from the planner's statistics and can be far off; ``not-measured`` has a reason."""
    size: int = 0
    """Bytes on disk."""
    wasted: int = 0
    """Bytes that building it anew would give back."""
    density: float = 0.0
    """Share of the leaf pages that is filled, 0 to 1; 0 where it was not measured."""
    reason: str = ""
    """Why it was not measured."""

    @property
    def share(self) -> float:
        """Of its size that is wasted, 0 to 1."""
        return self.wasted / self.size if self.size else 0.0


@dataclass(frozen=True, slots=True)
class Need:
    """One piece of work that the catalog shows to be due."""

    kind: Kind
    schema: str
    table: str
    reason: str
    """With the figures, and the threshold that they have passed."""
    sql: str
    """What is run; empty for the clearing of leftovers, whose statements follow from their journal."""
    index: str = ""
    oid: int = 0
    """Of the table, or of the index when one is meant."""
    bytes: int = 0
    """What has to be read."""
    seconds: float = 0.0
    """Roughly how long; from the bytes and nothing else."""
    bloat: Bloat | None = None

    @property
    def subject(self) -> str:
        return f"{self.schema}.{self.index or self.table}"


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that was seen and is not acted upon."""

    subject: str
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """All that is due in a database at one moment, in the order in which it would be done."""

    database: str
    needs: tuple[Need, ...]
    noticed: tuple[Noticed, ...] = ()
    tables: int = 0
    """That were looked at."""
    indexes: int = 0
    """B-trees large enough to be looked at for bloat."""
    measured: int = 0
    """Of those, how many were measured and not only estimated."""

    @property
    def seconds(self) -> float:
        return sum(need.seconds for need in self.needs)
