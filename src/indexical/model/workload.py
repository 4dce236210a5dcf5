"""What runs: statements, how often, with which values, and from which line of code."""

from __future__ import annotations

from dataclasses import dataclass

Parameters = tuple[str | None, ...]
"""Values for ``$1``, ``$2`` ... in PostgreSQL's text form; ``None`` is NULL."""


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where a statement comes from; each part may be empty."""

    location: str = ""
    """``shop/views.py:41``, relative to the project."""
    view: str = ""
    """The view or URL name that ran it."""
    source: str = ""
    """The workload source: a capture file, a ``.sql`` file, ``pg_stat_statements``."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One distinct statement of a workload.

    ``sql`` is exactly one statement with ``$n`` where values vary; the values seen are in ``samples``.
    """

    id: str
    """Stable and short: given by the user, or derived from the fingerprint."""
    sql: str
    kind: str = "select"
    """select | insert | update | delete | other"""
    calls: float = 1.0
    total_ms: float = 0.0
    """Time over all calls, milliseconds; 0 when the source does not tell."""
    types: tuple[str, ...] = ()
    """One type name per ``$n``; an empty one is inferred by the server."""
    samples: tuple[Parameters, ...] = ()
    """Distinct parameter tuples seen, the oldest first; empty when there are no placeholders or values were redacted."""
    sample_weights: tuple[float, ...] = ()
    """How often each sample stands for a call; empty means equally often."""
    origins: tuple[Origin, ...] = ()
    fingerprint: str = ""
    rows: float = -1.0
    """Average rows returned or written per call; -1 when unknown."""
    changed_columns: tuple[tuple[str, float], ...] = ()
    """For updates: columns whose value really changed, with the share of probed calls in which it did.
    Empty means not probed, and the SET list is all there is to go by."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something of a workload source that is not in the workload."""

    what: str
    why: str
    calls: float = 0.0


@dataclass(frozen=True, slots=True)
class Workload:
    statements: tuple[Statement, ...]
    skipped: tuple[Skipped, ...] = ()
    seconds: float = 0.0
    """The window in which the calls were counted; 0 when the source does not tell."""

    @property
    def calls(self) -> float:
        return sum(statement.calls for statement in self.statements)

    def statement(self, id: str) -> Statement | None:
        return next((statement for statement in self.statements if statement.id == id), None)


@dataclass(frozen=True, slots=True, order=True)
class UpdateProfile:
    """Updates of one table that change the same columns."""

    columns: tuple[str, ...]
    """Columns whose values change, sorted."""
    calls: float
    """Rows updated in the workload's window."""
    statements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class TableWrites:
    """What the workload writes to one table, in rows over the workload's window."""

    schema: str
    table: str
    inserts: float = 0.0
    deletes: float = 0.0
    updates: tuple[UpdateProfile, ...] = ()
