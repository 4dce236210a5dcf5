"""Figures of a list of timings. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

__all__ = ["median", "percentile", "weighted_mean", "weighted_percentile"]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed (nearest rank); 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def weighted_percentile(values: Sequence[tuple[float, float]], share: float) -> float:
    """The same over (value, weight) pairs; 0 for none."""
    ordered = sorted(values)
    target = share * sum(weight for _, weight in ordered)
    reached = 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= target and weight > 0:
            return value
    return ordered[-1][0] if ordered else 0.0


def weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """The mean by weight; the plain mean when the weights add up to nothing."""
    total = sum(weights)
    if total <= 0:
        return sum(values) / len(values) if values else 0.0
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / total
