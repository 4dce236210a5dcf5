"""Sums over measured statements. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from indexical.measure.spread import weighted_percentile
from indexical.model import Measurement, NotMeasured

Measured = Measurement | NotMeasured


def total_ms(measurements: Sequence[Measured]) -> float:
    """Milliseconds of the whole workload: each statement's calls times the mean of its samples' medians.

    What was not measured adds nothing; see :func:`common` before comparing two databases.
    """
    return sum(each.calls * each.median_ms for each in measurements if isinstance(each, Measurement))


def p95_ms(measurements: Sequence[Measured]) -> float:
    """The time that 95 % of the workload's calls do not exceed, milliseconds."""
    pairs = [(each.median_ms, each.calls) for each in measurements if isinstance(each, Measurement)]
    return weighted_percentile(pairs, 0.95)


def common(results: Mapping[str, Sequence[Measured]]) -> dict[str, tuple[Measurement, ...]]:
    """Only the statements that were measured on every database: the ones that may be compared."""
    measured = [{each.id for each in found if isinstance(each, Measurement)} for found in results.values()]
    shared = set.intersection(*measured) if measured else set()
    return {
        name: tuple(each for each in found if isinstance(each, Measurement) and each.id in shared)
        for name, found in results.items()
    }
