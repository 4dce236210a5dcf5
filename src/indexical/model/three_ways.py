"""One workload on one set of rows, measured under three index sets."""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model.change import HotMeasurement, Measurement, NotMeasured, WriteMeasurement
from indexical.model.claims import Judged
from indexical.model.scaling import ScalingSeries
from indexical.model.served import EndpointLatency, LoadRun
from indexical.model.storage import Storage


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
    storage: Storage | None = None
    descending: int = 0
    """Descending keys among the added indexes."""
    per_app: tuple[tuple[str, int], ...] = ()
    """Label of an app → indexes added to its tables."""


@dataclass(frozen=True, slots=True)
class Study:
    """What a longer look adds to the three ways: served over HTTP, under load, at other sizes, and against the guide's claims."""

    endpoints: tuple[tuple[str, tuple[EndpointLatency, ...]], ...] = ()
    """Way → its endpoints; only those that were measured under all three."""
    load: tuple[tuple[str, LoadRun], ...] = ()
    """Way → the same mix under growing load."""
    scaling: tuple[ScalingSeries, ...] = ()
    claims: tuple[tuple[str, tuple[Judged, ...]], ...] = ()
    """Way (guide, indexical) → every claim, held against the prior way."""
    not_measured: tuple[NotMeasured, ...] = ()
    """Endpoints, sizes and whole steps that were not measured, with the reason."""


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
    study: Study | None = None
    """None when only the three ways were asked for."""

    @property
    def ways(self) -> tuple[Way, Way, Way]:
        return self.prior, self.guide, self.indexical
