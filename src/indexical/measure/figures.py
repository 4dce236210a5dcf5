"""What was measured under one index set, as the figures that claims speak of. Pure.

| kind of claim | target | figure |
|---|---|---|
| statement | a statement's id | median of one execution, ms |
| write | a write path's id | one row, ms |
| storage | ``index-growth`` | index bytes added, in percent of the database before |
| storage | ``index-share`` | all index bytes, in percent of the database |
| endpoint | an endpoint's name | median of one request, ms |
| database | ``cpu`` | CPU of the server, ms a request |
| database | ``io`` | blocks touched, in the cache or beyond, a request |
| database | ``p95`` | 95th percentile of all requests, ms: geometric mean over the steps |
| database | ``throughput`` | requests a second while the 95th percentile keeps within the target |
| database | ``concurrency`` | users of the largest step that keeps within it |
| count | ``added``, ``descending``, ``app:LABEL`` ... | whatever the caller counted |

CPU, blocks and the 95th percentile are told over all steps that the compared runs have in common: the same users, the same mix.
A single step lasts seconds, and its 95th percentile hangs on a handful of requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import geometric_mean

from indexical.measure.claims import Figures, Key
from indexical.measure.served.throughput import at_target
from indexical.model import Measurement, NotMeasured, WriteMeasurement
from indexical.model.served import EndpointLatency, LoadRun
from indexical.model.storage import Storage, growth

INDEX_GROWTH = "index-growth"
INDEX_SHARE = "index-share"
METRICS = ("cpu", "io", "p95", "throughput", "concurrency")


def figures(
    reads: Iterable[Measurement] = (),
    writes: Iterable[WriteMeasurement] = (),
    *,
    storage: Storage | None = None,
    before: Storage | None = None,
    counts: Mapping[str, int] | None = None,
    missed: Iterable[NotMeasured] = (),
) -> Figures:
    """The figures of one run, at the size that was measured; ``before`` is the storage that growth is told against."""
    values: dict[Key, float] = {("statement", read.id, ""): read.median_ms for read in reads}
    values |= {("write", write.id, ""): write.us_per_row / 1000 for write in writes}
    values |= {("count", name, ""): float(count) for name, count in (counts or {}).items()}
    missing: dict[Key, str] = {}
    for item in missed:
        missing |= {(kind, item.id, ""): item.reason for kind in ("statement", "write")}
    if storage is not None and storage.database_bytes:
        values["storage", INDEX_SHARE, ""] = storage.index_bytes / storage.database_bytes * 100
        if before is not None:
            values["storage", INDEX_GROWTH, ""] = growth(before, storage) * 100
        else:
            missing["storage", INDEX_GROWTH, ""] = "growth needs a run to compare with"
    return Figures(values, missing)


def endpoint_figures(endpoints: Iterable[EndpointLatency], missed: Iterable[NotMeasured] = ()) -> Figures:
    """Medians of the endpoints."""
    return Figures(
        {("endpoint", each.id, ""): each.median_ms for each in endpoints},
        {("endpoint", each.id, ""): each.reason for each in missed},
    )


def load_figures(run: LoadRun | None, other: LoadRun | None = None) -> Figures:
    """What a run under load says; ``other`` is the run that it will be compared with, whose steps it shares."""
    if run is None or not run.steps:
        return Figures({}, {("database", name, ""): "no load was played" for name in METRICS})
    shared = {step.users for step in (other or run).steps}
    steps = [step for step in run.steps if step.users in shared and step.requests]
    values: dict[Key, float] = {}
    missing: dict[Key, str] = {}
    if steps:
        values["database", "p95", ""] = geometric_mean(max(step.p95_ms, 1e-6) for step in steps)
        requests = sum(step.requests for step in steps)
        did = [step.database for step in steps if step.database is not None]
        if len(did) == len(steps):
            values["database", "io", ""] = sum(each.hit + each.read for each in did) / requests
        seconds = [each.cpu_s for each in did if each.cpu_s is not None]
        if len(seconds) == len(steps):
            values["database", "cpu", ""] = sum(seconds) * 1000 / requests
        else:
            missing["database", "cpu", ""] = "the CPU of the server's processes could not be read"
    if run.target_p95_ms is not None:
        reached = at_target(run.steps, run.target_p95_ms)
        if reached.verdict in ("not-reached", "not-measured"):
            failed = reached.verdict == "not-measured"
            reason = (
                "too many requests failed in every step"
                if failed
                else f"no step kept its 95th percentile within {run.target_p95_ms:g} ms"
            )
            missing |= {("database", name, ""): reason for name in ("throughput", "concurrency")}
        else:
            values["database", "throughput", ""] = reached.per_second
            values["database", "concurrency", ""] = float(reached.users)
    return Figures(values, missing)


def merged(*parts: Figures) -> Figures:
    """Several parts of one picture; of two figures for one thing the later one counts."""
    values: dict[Key, float] = {}
    missing: dict[Key, str] = {}
    for part in parts:
        values |= part.values
        missing |= part.missing
    return Figures(values, missing)
