"""Figures of a load run: what a step's answers say, and the highest throughput at a fixed 95th percentile. Pure."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from indexical.measure.spread import percentile
from indexical.model.served import AtTarget, EndpointLoad, LoadStep

FAILURES = 0.01
"""A step of whose requests more than this share fails does not hold any target."""
_SECONDS = 3
"""Full seconds that a rate needs before its error can be told."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the load generator did: answers as expected by endpoint, (milliseconds, seconds since the beginning)."""

    seconds: float
    answers: Mapping[str, Sequence[tuple[float, float]]]
    failures: Mapping[str, Mapping[str, int]]
    """By endpoint and reason."""
    cpu_s: float = 0.0


def step_of(users: int, played: Played) -> LoadStep:
    """The figures of one step, without what the database did."""
    answers = [answer for found in played.answers.values() for answer in found]
    times = sorted(took for took, _ in answers)
    in_time = [ended for _, ended in answers if ended <= played.seconds]
    reasons: Counter[str] = Counter()
    for found in played.failures.values():
        reasons.update(found)
    names = sorted(played.answers.keys() | played.failures.keys())
    return LoadStep(
        users=users,
        seconds=played.seconds,
        requests=len(times),
        failures=reasons.total(),
        per_second=len(in_time) / played.seconds,
        error_per_second=_error(in_time, played.seconds),
        mean_ms=fmean(times) if times else 0.0,
        p50_ms=percentile(times, 0.5),
        p95_ms=percentile(times, 0.95),
        p99_ms=percentile(times, 0.99),
        endpoints=tuple(_endpoint(name, played) for name in names),
        reasons=tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        generator_cpu_s=played.cpu_s,
    )


def _endpoint(name: str, played: Played) -> EndpointLoad:
    times = [took for took, _ in played.answers.get(name, ())]
    failed = sum(played.failures.get(name, {}).values())
    return EndpointLoad(name, len(times), failed, percentile(times, 0.5), percentile(times, 0.95))


def _error(ended: Sequence[float], seconds: float) -> float:
    """Standard error of the rate, from the counts of its full seconds."""
    full = int(seconds)
    if full < _SECONDS:
        return 0.0
    counts = Counter(int(moment) for moment in ended)
    return stdev(counts[second] for second in range(full)) / math.sqrt(full)


def at_target(steps: Sequence[LoadStep], target_ms: float) -> AtTarget:
    """The highest throughput whose 95th percentile is at most ``target_ms``.

    Between the last step that kept within the target and the one that did not, the rate is interpolated along a straight
    line over the 95th percentile; a step whose requests failed is no end of such a line.
    """
    ordered = sorted(steps, key=lambda step: step.users)
    if not any(sound(step) for step in ordered):
        return AtTarget("not-measured", 0.0, 0, False)
    kept = [step for step in ordered if sound(step) and step.p95_ms <= target_ms]
    if not kept:
        return AtTarget("not-reached", 0.0, 0, False)
    best = max(kept, key=lambda step: step.per_second)
    users = max(step.users for step in kept)
    found = AtTarget("reached", best.per_second, users, False)
    for low, high in itertools.pairwise(ordered):
        if low in kept and high not in kept and sound(high):
            share = (target_ms - low.p95_ms) / (high.p95_ms - low.p95_ms)
            rate = low.per_second + share * (high.per_second - low.per_second)
            if rate > found.per_second:
                found = AtTarget("reached", rate, users, True, (low.users, high.users))
    if ordered[-1] in kept:
        return AtTarget("not-exceeded", best.per_second, users, False)
    return found


def sound(step: LoadStep) -> bool:
    """Whether a step says something about speed: it answered, and next to nothing failed."""
    return step.requests > 0 and step.failures <= FAILURES * (step.requests + step.failures)
