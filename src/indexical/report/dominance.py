"""The guide's set and Indexical's, column by column, each summed up over everything: is one of them better throughout?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from indexical.measure.figures import load_figures
from indexical.model import ThreeWays, Way
from indexical.model.served import EndpointLatency
from indexical.model.three_ways import Study
from indexical.report.sections import Column, Section, Table
from indexical.report.units import milliseconds, number, share, size

NOISE = 0.05
"""Times and rates that differ by less are told as equal: repeated runs differ by as much."""

LOAD_NOISE = 0.1
"""The same for what a whole machine does under load."""

Verdict = Literal["better", "equal", "worse", "not measured"]
Three = tuple[float | None, float | None, float | None]
"""prior, guide's, Indexical's"""


@dataclass(frozen=True, slots=True)
class Total:
    """One column, under the three sets; None is what was not measured."""

    name: str
    id: str
    values: Three
    show: Callable[[float], str]
    more_is_better: bool = False
    noise: float = NOISE
    """Share by which two figures may differ and still be told as equal."""

    @property
    def verdict(self) -> Verdict:
        """Indexical's set against the guide's."""
        _, guide, ours = self.values
        if guide is None or ours is None:
            return "not measured"
        if abs(ours - guide) <= self.noise * max(abs(guide), abs(ours)):
            return "equal"
        return "better" if (ours > guide) == self.more_is_better else "worse"


def totals(result: ThreeWays) -> tuple[Total, ...]:
    """Every column; what was to be measured and was not says so."""
    columns = [
        Total("reads, the workload once", "read_ms", _each(result, lambda way: way.read_ms), milliseconds),
        Total("95 % of calls under", "p95_ms", _each(result, lambda way: way.p95_ms), milliseconds),
        Total("a row on every write path, together", "write_us", _each(result, _writes), _microseconds),
        Total("heap-only updates, on average", "hot", _each(result, _hot), share, more_is_better=True),
        Total("bytes of all indexes", "index_bytes", _each(result, _bytes), size, noise=0.0),
        Total("number of all indexes", "indexes", _each(result, _count), number, noise=0.0),
    ]
    if result.study is not None:
        columns += _served(result, result.study)
    return tuple(columns)


def _served(result: ThreeWays, study: Study) -> list[Total]:
    endpoints, load = dict(study.endpoints), dict(study.load)
    figures = {way.name: load_figures(load.get(way.name), load.get("prior")).values for way in result.ways}

    def under_load(name: str) -> Three:
        return _each(result, lambda way: figures[way.name].get(("database", name, "")))

    return [
        Total(
            "a request over HTTP, medians by weight",
            "endpoint_ms",
            _each(result, lambda way: _request(endpoints.get(way.name, ()))),
            milliseconds,
        ),
        Total(
            "under load: CPU of the database, a request",
            "cpu_ms",
            under_load("cpu"),
            milliseconds,
            noise=LOAD_NOISE,
        ),
        Total("under load: blocks, a request", "blocks", under_load("io"), number, noise=LOAD_NOISE),
        Total(
            "under load: 95th percentile", "load_p95_ms", under_load("p95"), milliseconds, noise=LOAD_NOISE
        ),
        Total(
            "under load: requests a second within the target",
            "throughput",
            under_load("throughput"),
            number,
            more_is_better=True,
            noise=LOAD_NOISE,
        ),
    ]


def _each(result: ThreeWays, figure: Callable[[Way], float | None]) -> Three:
    return figure(result.prior), figure(result.guide), figure(result.indexical)


def _request(endpoints: Sequence[EndpointLatency]) -> float | None:
    weight = sum(each.weight for each in endpoints)
    return sum(each.weight * each.median_ms for each in endpoints) / weight if weight else None


def _writes(way: Way) -> float | None:
    return sum(write.us_per_row for write in way.writes) if way.writes else None


def _hot(way: Way) -> float | None:
    return fmean(hot.share for hot in way.hot) if way.hot else None


def _bytes(way: Way) -> float | None:
    return float(way.storage.index_bytes) if way.storage is not None else None


def _count(way: Way) -> float | None:
    return float(way.storage.indexes) if way.storage is not None else None


def _microseconds(value: float) -> str:
    return f"{number(value)} µs"


def section(result: ThreeWays) -> Section:
    """One line a column, and one sentence that says what they come to."""
    found = totals(result)
    columns = (
        Column("in total"),
        Column("prior", True),
        Column("guide's", True),
        Column("Indexical's", True),
        Column("against the guide's"),
    )
    rows = tuple((each.name, *(_shown(each, value) for value in each.values), each.verdict) for each in found)
    return Section("In total", (_sentence(found),), Table(columns, rows))


def _shown(total: Total, value: float | None) -> str:
    return "not measured" if value is None else total.show(value)


def _sentence(found: tuple[Total, ...]) -> str:
    worse = [each.name for each in found if each.verdict == "worse"]
    missing = [each.name for each in found if each.verdict == "not measured"]
    better = sum(each.verdict == "better" for each in found)
    equal = len(found) - better - len(worse) - len(missing)
    counted = f"Indexical's set is better on {better} of {len(found)} columns, equal on {equal}"
    text = f"{counted}, worse on {len(worse)}" + (f" ({', '.join(worse)})" if worse else "")
    return text + (f"; not measured: {', '.join(missing)}." if missing else ".")


def to_json(result: ThreeWays) -> dict[str, Any]:
    ways = [way.name for way in result.ways]
    return {
        each.id: dict(zip(ways, each.values, strict=True)) | {"verdict": each.verdict}
        for each in totals(result)
    }
