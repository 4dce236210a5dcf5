"""What a run did to a database: the record from which it is resumed, undone and told.

A run is one ``apply``, ``rollback`` or rebuild. Its journal holds these values; everything that can be undone is undone from
them and from nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from indexical.model.change import DdlStatement, Outcome

StepState = Literal["planned", "begun", "interrupted", "applied", "skipped", "failed", "pending"]
"""``pending``: something invalid of ours is left, and the next run removes it."""


@dataclass(frozen=True, slots=True)
class TargetIdentity:
    """Which database a run is about, independent of how it was reached."""

    system_identifier: str
    """Of the cluster; empty when our role may not read it."""
    database_oid: int
    database: str
    timeline: int = 0
    """Of the write-ahead log, from the name of its current file; 0 when unknown."""
    address: str = ""
    """Host and port that the server itself gives, or its data directory's inode; empty when unknown."""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """Everything that makes an index what it is: more than ``pg_get_indexdef`` says."""

    schema: str
    name: str
    table: str
    oid: int
    definition: str
    """As the server prints it with an empty search path."""
    tablespace: str = ""
    comment: str = ""
    statistics_targets: tuple[tuple[int, int], ...] = ()
    """(column number, target) of every key whose target was set."""
    clustered: bool = False
    replica_identity: bool = False
    valid: bool = True
    depends_on: tuple[str, ...] = ()
    """Extensions with which it is to go, as ``ALTER INDEX ... DEPENDS ON EXTENSION`` says."""
    expressions: bool = False
    """It has statistics of its own, because a key is an expression."""
    restore: tuple[str, ...] = ()
    """Statements that bring it back, in order; the first builds it concurrently. None for the index of a constraint or of a
    partition, which comes and goes with that."""


@dataclass(frozen=True, slots=True)
class BackupEvidence:
    """What stands for a back-up of the database before a change."""

    kind: Literal["dump", "evidence", "none"]
    """``none``: a person said that none is wanted."""
    made: str = ""
    """When, in ISO 8601 with its zone."""
    path: str = ""
    bytes: int = 0
    schema_only: bool = False
    """It holds the structure without the rows."""
    listing: int = 0
    """Entries that pg_restore lists in it."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Backend:
    """A server process of ours, known again by pid and start."""

    pid: int
    started: str


@dataclass(frozen=True, slots=True)
class RunStep:
    """One statement of a run and how far it came, as the journal tells it."""

    statement: DdlStatement
    state: StepState = "planned"
    backends: tuple[Backend, ...] = ()
    index_oid: int = 0
    """Of the index it built or was building at last, once known."""
    index_oids: tuple[int, ...] = ()
    """Of every index that it built or began to build."""
    records: tuple[IndexRecord, ...] = ()
    """Every existing index it touches, as it was before."""
    outcome: Outcome | None = None
    began: str = ""
    ended: str = ""
    detail: str = ""
    standing: str = ""
    """For a rebuild: the table's indexes as they were when it began, a JSON object."""
    there: int = 0
    """Oid of what bore the index's name when the step began; 0 when the name was free. Such a thing is never the run's own."""


@dataclass(frozen=True, slots=True)
class RunNote:
    """A line of the journal about the whole run: ``preflight``, ``verify``, ``measure``, ``resumed``, ``cleared``."""

    at: str
    event: str
    details: str
    """A JSON object."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as its journal tells it."""

    run: str
    verb: str
    """apply | rollback | maintain"""
    began: str
    target: TargetIdentity
    server_version: str = ""
    tool_version: str = ""
    steps: tuple[RunStep, ...] = ()
    backup: BackupEvidence = field(default_factory=lambda: BackupEvidence("none"))
    undoes: str = ""
    """The run that this one takes back."""
    ended: str = ""
    """Empty while it was not brought to an end."""
    result: str = ""
    """done | failed; empty while it was not brought to an end."""
    resumed: int = 0
    """How often it was taken up again."""
    notes: tuple[RunNote, ...] = ()
    """What else was written down about the run as a whole, such as the findings before it or what a check after it said."""
    torn: bool = False
    """The journal's last line was cut; what it said is not known."""

    @property
    def finished(self) -> bool:
        return bool(self.ended)
