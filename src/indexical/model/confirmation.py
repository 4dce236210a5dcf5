"""What became of advice when it was really built and executed on a disposable copy of the data."""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model.index import Index

CONFIRMED = "confirmed"
NOT_CONFIRMED = "not-confirmed"
NOT_MEASURED = "not-measured"


@dataclass(frozen=True, slots=True)
class IndexConfirmation:
    """One recommended index, estimated and built."""

    name: str
    index: Index
    size_estimated: int
    """Bytes."""
    verdict: str
    """confirmed | not-confirmed | not-measured"""
    reason: str = ""
    """Why it is not confirmed, or was not measured."""
    size_built: int | None = None
    """Bytes; None when it was not built."""
    build_ms: float | None = None
    statements: tuple[str, ...] = ()
    """Ids of the executed statements whose real plan uses it, sorted."""
    saved_ms: float | None = None
    """What those statements take less in all with it, beside the other indexes of the advice; negative when they take longer.

    Weighted by calls."""


@dataclass(frozen=True, slots=True)
class StatementConfirmation:
    """One statement, estimated, planned again with the real indexes, and executed before and after."""

    id: str
    calls: float
    estimated_before: float
    """The advice's planner units a call."""
    estimated_after: float
    verdict: str
    """confirmed (as much faster as expected, or no slower where nothing was) | not-confirmed | not-measured"""
    reason: str = ""
    cost_before: float | None = None
    """Planner units a call on the disposable database, without the recommended indexes."""
    cost_after: float | None = None
    ms_before: float | None = None
    """Milliseconds a call: medians of the executions, weighted by the samples."""
    ms_after: float | None = None
    indexes_used: tuple[str, ...] = ()
    """Names, of its real plans with the indexes that stay in the advice; sorted."""
    runs: int = 0
    """Measured executions of each sample on each side."""
    cut: str = ""
    """``before`` or ``after`` when that side ran into the statement timeout: it takes at least the milliseconds given."""

    @property
    def speedup(self) -> float | None:
        """How many times faster it got; None when it was not measured."""
        if self.ms_before is None or self.ms_after is None or self.ms_after <= 0:
            return None
        return self.ms_before / self.ms_after


@dataclass(frozen=True, slots=True)
class Confirmation:
    database: str
    """The disposable database's name."""
    server_version: str
    indexes: tuple[IndexConfirmation, ...]
    """In the order of the advice before anything was taken out of it."""
    statements: tuple[StatementConfirmation, ...]
    """The statements that matter, the dearest first."""
    not_executed: int = 0
    """Statements of the advice that were not among those."""
    kept: bool = False
    """Whether the confirmed indexes were left in the disposable database."""
    milliseconds: float = 0.0
