"""What a study adds to the three ways: endpoints, load, growing data, and the guide's claims beside what was measured."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from indexical.model.served import DatabaseLoad, EndpointLatency, LoadRun, LoadStep, ServedRun
from indexical.model.three_ways import Study
from indexical.report import claims, scaling
from indexical.report.sections import Column, Section, Table
from indexical.report.served import compared, target_text
from indexical.report.served import to_json as served_json
from indexical.report.units import change, milliseconds, number, share, shorten

NAMES = {"prior": "prior", "guide": "guide's", "indexical": "Indexical's"}
"""Way → what a reader knows it as."""
NOT_MEASURED = "not measured"


def sections(study: Study) -> tuple[Section, ...]:
    """One section for each step of the study that was taken, and one for what was not measured."""
    found: list[Section] = []
    if study.endpoints:
        found.append(_endpoints(study))
    if study.load:
        found += [_load(study), _database(study)]
    found += [scaling.section(series, NAMES) for series in study.scaling]
    if study.claims:
        judged = {f"{NAMES[way]} set": each for way, each in study.claims}
        found.append(claims.ways_section(judged, "The guide's claims"))
    if study.not_measured:
        rows = tuple((shorten(item.what, 60), shorten(item.reason, 140)) for item in study.not_measured)
        title = f"Not measured by the study ({len(rows)})"
        found.append(Section(title, (), Table((Column("what"), Column("why")), rows)))
    return tuple(found)


def to_json(study: Study) -> dict[str, Any]:
    """Keys beside those of the three ways: ``served`` and ``claims`` by way, ``scaling``, ``study_not_measured``."""
    runs = {
        way: served_json(ServedRun(run.title, run.mix, dict(study.endpoints).get(way, ()), load=run))
        for way, run in study.load
    } or {way: served_json(ServedRun("", "", endpoints)) for way, endpoints in study.endpoints}
    return {
        "served": runs,
        "scaling": [scaling.to_json(series) for series in study.scaling],
        "claims": {way: claims.to_json(judged) for way, judged in study.claims},
        "study_not_measured": [asdict(item) for item in study.not_measured],
    }


def _endpoints(study: Study) -> Section:
    ways = {way: {each.id: each for each in found} for way, found in study.endpoints}
    prior = sorted(ways["prior"].values(), key=lambda each: (-each.weight * each.median_ms, each.id))
    rows = []
    for each in prior:
        guide, ours = ways["guide"][each.id], ways["indexical"][each.id]
        rows.append(
            (
                shorten(each.id, 60),
                number(each.sent),
                *(milliseconds(one.median_ms) for one in (each, guide, ours)),
                *(milliseconds(one.p95_ms) for one in (each, guide, ours)),
                _against(guide, ours),
            )
        )
    columns = (
        Column("endpoint"),
        Column("sent", True),
        *(Column(f"median, {name}", True) for name in NAMES.values()),
        *(Column(f"p95, {name}", True) for name in NAMES.values()),
        Column("against the guide's"),
    )
    how = (
        "One request at a time over HTTP, the three in turn; warm-up not counted. Faster or slower is said only where the "
        "medians' 95 % intervals do not touch and the difference is more than a fifth; the rest is within noise."
    )
    return Section(f"Endpoints ({len(rows)})", (how,), Table(columns, tuple(rows)))


def _against(guide: EndpointLatency, ours: EndpointLatency) -> str:
    verdict = compared(guide, ours)
    return verdict if verdict == "within noise" else f"{verdict}, {change(guide.median_ms, ours.median_ms)}"


def _steps(study: Study) -> list[tuple[int, dict[str, LoadStep]]]:
    """Users → the step of each way."""
    runs = dict(study.load)
    users = sorted({step.users for run in runs.values() for step in run.steps})
    return [
        (count, {way: step for way, run in runs.items() for step in run.steps if step.users == count})
        for count in users
    ]


def _load(study: Study) -> Section:
    rows = []
    for users, steps in _steps(study):
        cells = []
        for figure in (_rate, _p50, _p95, _failures):
            cells += [figure(steps[way]) if way in steps else NOT_MEASURED for way in NAMES]
        rows.append((number(users), *cells))
    columns = (
        Column("users", True),
        *(
            Column(f"{what}, {name}", True)
            for what in ("requests/s", "p50", "p95", "failures")
            for name in NAMES.values()
        ),
    )
    runs = dict(study.load)
    first = next(iter(runs.values()))
    lines = [_played(first)]
    if first.target_p95_ms is not None:
        lines += [f"{NAMES[way]} set: {target_text(run, first.target_p95_ms)}." for way, run in runs.items()]
    busiest = max((step.machine_busy or 0.0 for run in runs.values() for step in run.steps), default=0.0)
    shared = (
        f"Load generator, web server and database share {number(first.cores)} cores, which were up to {share(busiest)} busy: "
        "rates are of the whole, not of the database."
    )
    return Section("Under load", tuple(lines), Table(columns, tuple(rows)), (shared,))


def _played(run: LoadRun) -> str:
    seconds = max((step.seconds for step in run.steps), default=0.0)
    return (
        f"The project's own mix, with its writes, played by {run.generator} for {number(round(seconds))} s a step after "
        f"{number(run.warm_up_s)} s of warm-up: each user sends its next request when the last one is answered."
    )


def _rate(step: LoadStep) -> str:
    return number(step.per_second)


def _p50(step: LoadStep) -> str:
    return milliseconds(step.p50_ms)


def _p95(step: LoadStep) -> str:
    return milliseconds(step.p95_ms)


def _failures(step: LoadStep) -> str:
    return number(step.failures)


def _database(study: Study) -> Section:
    rows: list[tuple[str, ...]] = []
    for users, steps in _steps(study):
        for way, name in NAMES.items():
            step = steps.get(way)
            if step is None or step.database is None:
                rows.append((number(users), name, *(NOT_MEASURED,) * 7))
            else:
                rows.append((number(users), name, *_did(step, step.database)))
    columns = (
        Column("users", True),
        Column("set"),
        Column("CPU", True),
        Column("blocks in the cache", True),
        Column("blocks read", True),
        Column("rows of full scans", True),
        Column("index entries", True),
        Column("WAL", True),
        Column("transactions", True),
    )
    lines = ("For each request, by the server's own counters and the CPU time of its processes.",)
    return Section("The database under load, per request", lines, Table(columns, tuple(rows)))


def _did(step: LoadStep, did: DatabaseLoad) -> tuple[str, ...]:
    requests = max(1, step.requests + step.failures)
    return (
        milliseconds(did.cpu_s * 1000 / requests) if did.cpu_s is not None else NOT_MEASURED,
        *(number(value / requests) for value in (did.hit, did.read, did.seq_rows, did.index_entries)),
        f"{number(did.wal_bytes / requests)} bytes" if did.wal_bytes is not None else NOT_MEASURED,
        number((did.commits + did.rollbacks) / requests),
    )
