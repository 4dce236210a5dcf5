"""Changes to a project or a database, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from indexical.model.advice import Plan
from indexical.model.index import Index, MadeFor


@dataclass(frozen=True, slots=True)
class SourceEdit:
    """A change of one file of the user's project."""

    id: str
    path: str
    """Absolute path."""
    before: str
    """The text the edit was computed from; empty for a new file."""
    after: str
    summary: str

    @property
    def creates(self) -> bool:
        return not self.before

    def describe(self) -> str:
        return f"{'create' if self.creates else 'edit'} {self.path}: {self.summary}"


@dataclass(frozen=True, slots=True)
class DdlStatement:
    """A statement that changes a database, with its undo."""

    id: str
    sql: str
    undo: str
    summary: str
    concurrent: bool = True
    action: str = "create"
    """create | drop | reindex; of a table: vacuum | vacuum-analyze | analyze"""
    name: str = ""
    """The index's bare name."""
    index: Index | None = None
    """What is created, or what is dropped; apply compares it with what the database has."""
    oid: int = 0
    """Of the index to drop, as it was when the advice was given; 0 when unknown."""
    made_for: MadeFor = field(default_factory=MadeFor)
    """The table as it was when a create was advised."""
    migration: str = ""
    """``app.name`` of the Django migration that carries it out; empty when it is run as SQL."""
    schema: str = ""
    table: str = ""
    """Which table is tended; empty for what is about an index."""

    def describe(self) -> str:
        return self.summary


@dataclass(frozen=True, slots=True)
class Instruction:
    """Something a person has to do, because the edit is not certain."""

    id: str
    subject: str
    text: str
    """Why, in a few words."""
    step: str = ""
    """The statement to run, where one does it."""

    def describe(self) -> str:
        return f"{self.subject}: {self.text}" + (f": {self.step}" if self.step else "")


Change = SourceEdit | DdlStatement | Instruction


@dataclass(frozen=True, slots=True)
class Applied:
    id: str
    what: str
    milliseconds: float = 0.0
    note: str = ""
    """What is still to be known about it, such as statistics that could not be renewed."""


@dataclass(frozen=True, slots=True)
class Skipping:
    """Nothing was done, on purpose."""

    id: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    id: str
    what: str
    error: str
    remedy: str = ""
    code: str = ""
    """Stable, for scripts, such as ``DISK`` or ``CLEANUP_PENDING``; the list is in :mod:`indexical.model.codes`."""
    sqlstate: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """An index that exists, is valid, is as defined, and whether the statements it was made for use it."""

    id: str
    what: str
    verdict: str
    """used | not-used; of a watched window no-worse"""
    statements: tuple[str, ...] = ()
    """Ids of the statements whose plan on the real database uses it."""
    missing: tuple[str, ...] = ()
    """Ids of the statements that were expected to use it and do not."""
    evidence: str = ""
    size: int = 0
    structure: str = ""
    """What comparing the index with its table said, or why that was not done."""


@dataclass(frozen=True, slots=True)
class NotMeasured:
    id: str
    what: str
    reason: str


Outcome = Applied | Skipping | Failed | Verified | NotMeasured


@dataclass(frozen=True, slots=True)
class Measurement:
    """One statement, really executed."""

    id: str
    calls: float
    runs: int
    """Timed executions of each sample."""
    median_ms: float
    """Mean over the samples, by their weights, of each sample's median."""
    p95_ms: float
    """Over all timed executions."""
    mean_ms: float
    buffers: int
    """Shared buffers hit and read by one execution, averaged over the samples."""
    rows: float
    indexes: tuple[str, ...] = ()
    """Names of the indexes its plan uses."""
    plan: Plan | None = None
    """Of its weightiest sample."""
    samples: int = 1
    """Parameter samples that were executed."""


@dataclass(frozen=True, slots=True)
class WriteMeasurement:
    """One write path: microseconds for each row written."""

    id: str
    rows: int
    us_per_row: float


@dataclass(frozen=True, slots=True)
class HotMeasurement:
    """The share of updates that stayed heap-only, 0 to 1."""

    id: str
    updates: int
    share: float
