"""What a document claimed of an index set, and what measuring says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["met", "not-met", "not-measured"]

KINDS = ("statement", "endpoint", "database", "storage", "write", "count")
UNITS = ("ms", "%", "x", "indexes")


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure of a document, in its own words and unit."""

    id: str
    kind: str
    """One of :data:`KINDS`: what the figure is about."""
    what: str
    """In a person's words."""
    target: str
    """A statement's id, an endpoint's name, a write path's id, or a metric's name."""
    unit: str
    """One of :data:`UNITS`."""
    before: float | None = None
    after: float | None = None
    scale: str = ""
    """The size of the data that it speaks of; empty when it speaks of none, or of the size that is measured."""
    source: str = ""
    """Where the document says it."""
    note: str = ""
    """What we have to say about it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim beside what was measured."""

    claim: Claim
    verdict: Verdict
    reason: str
    """The comparison in words, with the true figures; of what was not measured, why."""
    before: float | None = None
    """Measured, in the claim's unit; of a single figure (a share, a count) None."""
    after: float | None = None
