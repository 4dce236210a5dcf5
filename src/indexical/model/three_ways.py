"""One workload on one set of rows, measured under three index sets."""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model.change import HotMeasurement, Measurement, NotMeasured, WriteMeasurement


@dataclass(frozen=True, slots=True)
class Way:
    """One index set and what was measured under it."""

    name: str
    """prior | guide | indexical"""
    reads: tuple[Measurement, ...]
    writes: tuple[WriteMeasurement, ...]
    hot: tuple[HotMeasurement, ...]
    added: int = 0
    dropped: int = 0
    bytes: int = 0
    """Bytes of the added indexes."""
    freed: int = 0
    """Bytes of the dropped ones."""
    read_ms: float = 0.0
    """The whole workload's reads once, milliseconds."""
    p95_ms: float = 0.0
    """The time that 95 % of the workload's calls do not exceed, milliseconds."""


@dataclass(frozen=True, slots=True)
class ThreeWays:
    example: str
    scale: str
    prior: Way
    guide: Way
    indexical: Way
    milliseconds: float
    server_version: str = ""
    not_measured: tuple[NotMeasured, ...] = ()
    explanations: tuple[tuple[str, str], ...] = ()
    """Statement id → why it is slower than with the guide's set, where it is."""
    labels: tuple[tuple[str, str], ...] = ()
    """Statement id → what a person calls it: a view and a line of code."""

    @property
    def ways(self) -> tuple[Way, Way, Way]:
        return self.prior, self.guide, self.indexical
