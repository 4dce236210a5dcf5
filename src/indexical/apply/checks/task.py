"""What is to be done, and the words that all checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from indexical.apply.blockers import printable
from indexical.apply.facts import Facts, Holder
from indexical.apply.findings import Finding
from indexical.model import ExistingIndex, Index, MadeFor

MEGABYTE = 1024 * 1024

KINDS = {
    "r": "table", "p": "partitioned table", "v": "view", "m": "materialised view", "i": "index", "I": "partitioned index",
    "S": "sequence", "f": "foreign table", "c": "composite type", "t": "TOAST table",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be built and dropped, with the limits from which a finding is made."""

    builds: tuple[tuple[str, Index], ...]
    drops: tuple[ExistingIndex, ...] = ()
    snapshot_seconds: float = 60.0
    large_bytes: int = 1024 * MEGABYTE
    long_seconds: float = 300.0
    made_for: tuple[tuple[str, MadeFor], ...] = field(default=())
    """By the name of a build, the table that it was advised for."""
    lag_bytes: int = 256 * MEGABYTE
    """How far a standby may be behind."""
    lag_seconds: float = 60.0
    superuser: Literal["allow", "warn", "refuse"] = "warn"
    """What is said of a role that may do anything."""

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        indexes = [index for _, index in self.builds] + [existing.index for existing in self.drops]
        return tuple(sorted({(index.schema, index.table) for index in indexes}))

    def advised_for(self, name: str) -> MadeFor:
        return next((made_for for build, made_for in self.made_for if build == name), MadeFor())


Check = Callable[[Task, Facts], Iterator[Finding]]


def tables_of(facts: Facts, holder: Holder) -> str:
    """The tables that a session has locked, for people."""
    return ", ".join(table.qualified for table in facts.tables if table.oid in holder.tables)


def database(facts: Facts) -> str:
    return f"database {facts.server.database}"


def age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def size(count: float) -> str:
    return f"{count / MEGABYTE:,.0f} MB"


def running(holder: Holder) -> str:
    """What the session runs, as a part of a sentence."""
    return f", running: {printable(holder.query)}" if holder.query else ""
