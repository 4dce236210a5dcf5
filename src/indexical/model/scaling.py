"""The same statements on growing data, under several index sets."""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model.change import Measurement, NotMeasured


@dataclass(frozen=True, slots=True)
class ScalePoint:
    """One size of the data."""

    scale: str
    """What the size is called, such as ``1000``."""
    rows: float
    """Of all tables of that database."""
    ways: tuple[tuple[str, tuple[Measurement, ...]], ...]
    """Index set → what was measured under it."""
    not_measured: tuple[NotMeasured, ...] = ()

    def find(self, way: str, id: str) -> Measurement | None:
        """One statement under one index set; None when it was not measured."""
        return next((read for read in dict(self.ways).get(way, ()) if read.id == id), None)


@dataclass(frozen=True, slots=True)
class ScalingSeries:
    """Sizes in growing order; the index sets are the same at each, the first one is what the others are compared with."""

    title: str
    unit: str
    """What the sizes count: ``courses``."""
    points: tuple[ScalePoint, ...]

    @property
    def statements(self) -> tuple[str, ...]:
        """Ids of all that was measured anywhere, in the order of the first size that has them."""
        return tuple(
            dict.fromkeys(read.id for point in self.points for _, reads in point.ways for read in reads)
        )
