"""What the gate for continuous integration finds: findings, each with a stable code, and what it could not look at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from indexical.model.advice import NotExamined

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The gravest first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one code means; a code never gets another meaning."""

    severity: Severity
    title: str
    help: str


RULES: dict[str, Rule] = {
    "invalid": Rule(
        "error",
        "An index is not valid",
        "A concurrent build failed or is still running: writes pay for it, and reads cannot use it.",
    ),
    "migration-graph": Rule(
        "error",
        "The migrations do not form one line",
        "Two leaf migrations, or a dependency on a migration that does not exist: nothing can be migrated.",
    ),
    "migration-order": Rule(
        "error",
        "A migration indexes a field that does not exist yet",
        "The migration does not depend on the one that makes the model or the field, so an empty database cannot be migrated.",
    ),
    "not-migrated": Rule(
        "error",
        "A declared index has no migration",
        "Meta.indexes holds it, and no migration makes it: no database gets it.",
    ),
    "not-declared": Rule(
        "error",
        "A migrated index is not declared",
        "A migration makes it and the model does not declare it: the next makemigrations writes its removal.",
    ),
    "not-built": Rule(
        "error",
        "A declared index is not in the database",
        "Its migration is not applied, or somebody dropped it by hand.",
    ),
    "undeclared": Rule(
        "warning",
        "An index of the database is declared by no model",
        "Django does not know of it: another database made from the migrations will not have it.",
    ),
    "blocking-build": Rule(
        "warning",
        "A pending migration builds an index in the way of writers",
        "CREATE INDEX without CONCURRENTLY keeps every write to the table waiting until it has read all its rows.",
    ),
    "duplicate": Rule(
        "warning",
        "An index repeats another one",
        "Both have the same keys: every write pays twice, and reads need one.",
    ),
    "redundant": Rule(
        "warning",
        "An index does nothing that another one does not do",
        "The other begins with all its keys, in the same order.",
    ),
    "unused": Rule(
        "warning", "An index is not used", "No server scanned it within a window that can be trusted."
    ),
    "missing-index": Rule(
        "warning",
        "The workload wants an index",
        "The planner would use it, and it would save more than it costs the writes.",
    ),
    "no-statement": Rule(
        "note",
        "No statement of the workload uses an index",
        "Neither with the indexes of today nor with the advised ones does a plan contain it.",
    ),
    "bloated": Rule(
        "note", "An index is bloated", "More than the usual share of it is air; a rebuild makes it smaller."
    ),
    "only-booleans": Rule(
        "note",
        "An index holds nothing but booleans",
        "It splits the rows into a few large parts, of which a scan is the better reader.",
    ),
    "unique-twice": Rule(
        "note",
        "A field is declared unique and indexed",
        "The unique constraint has an index; db_index says nothing more.",
    ),
    "pattern-unused": Rule(
        "note",
        "An index for LIKE is never used",
        "The workload reads the table without searching the column by a pattern.",
    ),
    "generic-key": Rule(
        "note",
        "A generic foreign key has no index",
        "A generic relation is always looked up by content type and object id together.",
    ),
    "long-name": Rule(
        "warning", "The name of an index is too long", "Django allows 30 characters, on every database."
    ),
}


@dataclass(frozen=True, slots=True)
class CheckFinding:
    code: str
    """A key of :data:`RULES`."""
    subject: str
    """What it is about, as people write it: an index with its table, a statement, a migration."""
    message: str
    """What was found, with its figures and, where counters are behind it, their window."""
    action: str
    """What to do next."""
    file: str = ""
    """Relative to the folder in which the program runs, where it can be; empty when unknown."""
    line: int = 0
    """From 1; 0 when unknown."""

    @property
    def severity(self) -> Severity:
        return RULES[self.code].severity

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that stay the same while figures, lines and files move."""
        return hashlib.sha256(f"{self.code}\0{self.subject}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that one run of the gate says."""

    findings: tuple[CheckFinding, ...]
    """The gravest first, then by code and subject."""
    not_examined: tuple[NotExamined, ...] = ()
    database: str = ""
    server_version: str = ""
    taken_at: str = ""
    counters_since: str = ""
    """Since when the counters behind it count; empty when unknown."""
    known: tuple[CheckFinding, ...] = ()
    """Findings that the baseline already held: shown as a number, never counted."""

    def at_or_above(self, severity: Severity) -> tuple[CheckFinding, ...]:
        worst = SEVERITIES.index(severity)
        return tuple(each for each in self.findings if SEVERITIES.index(each.severity) <= worst)


def ordered(findings: Iterable[CheckFinding]) -> tuple[CheckFinding, ...]:
    """Each finding once, the gravest first, then by code and subject."""
    unique = {(each.code, each.subject): each for each in findings}
    return tuple(
        sorted(unique.values(), key=lambda each: (SEVERITIES.index(each.severity), each.code, each.subject))
    )
