"""In which order the recommendations are worth taking up."""

from __future__ import annotations

from collections.abc import Mapping

from indexical.model import Recommendation, Workload

CRITICAL = 0.80
"""Share of the whole benefit that the first indexes bring."""
RARE = 0.05
"""A statement is rare when it has at most this share of the average statement's calls."""


def phases(recommendations: tuple[Recommendation, ...], workload: Workload) -> Mapping[str, str]:
    """The phase of each recommendation, by name.

    ``review``: it ends heap-only updates. ``analytics``: only rarely called statements use it. ``critical``: the first ones that
    together bring 80 % of the benefit. ``performance``: the rest.
    """
    order = sorted(recommendations, key=lambda r: (-r.benefit, r.index))
    whole = sum(max(r.benefit, 0.0) for r in order)
    calls = {s.id: s.calls for s in workload.statements}
    rare = RARE * workload.calls / len(calls) if calls else 0.0
    found: dict[str, str] = {}
    reached = 0.0
    for each in order:
        if each.hot_loss:
            phase = "review"
        elif each.statements and all(calls.get(id, 0.0) <= rare for id in each.statements):
            phase = "analytics"
        else:
            phase = "critical" if reached < CRITICAL * whole else "performance"
        reached += max(each.benefit, 0.0)
        found[each.name] = phase
    return found
