"""The guide's claims, held against the study: once for the guide's own set, once for Indexical's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from indexical.errors import FileRefused
from indexical.measure.claims import Figures, Key, judge, read_claims
from indexical.measure.figures import endpoint_figures, figures, load_figures, merged
from indexical.model import NotMeasured, ThreeWays
from indexical.model.three_ways import Study, Way

if TYPE_CHECKING:
    from indexical.demo.story import Stage


def added(stage: Stage, result: ThreeWays, so_far: Study) -> Study:
    """The study with every claim judged, of the guide's set and of Indexical's, against the prior one."""
    path = stage.manifest.directory / "claims.toml"
    try:
        claims = read_claims(path)
    except FileRefused as error:
        missed = NotMeasured("claims", "the guide's claims", str(error))
        return replace(so_far, not_measured=(*so_far.not_measured, missed))
    before = _figures(result, so_far, result.prior)
    ways = (result.guide, result.indexical)
    judged = tuple((way.name, judge(claims, before, _figures(result, so_far, way))) for way in ways)
    return replace(so_far, claims=judged)


def _figures(result: ThreeWays, found: Study, way: Way) -> Figures:
    """All that was measured under one way."""
    counts = {"added": way.added, "descending": way.descending} | {
        f"app:{app}": count for app, count in way.per_app
    }
    if way.name == "indexical":
        # The guide counts its own indexes; another set has other ones.
        own_counts = Figures(
            {}, {("count", name, ""): "it is a count of the guide's own indexes" for name in counts}
        )
        counts = {}
    else:
        own_counts = Figures()
    own = figures(
        way.reads,
        way.writes,
        storage=way.storage,
        before=result.prior.storage,
        counts=counts,
        missed=result.not_measured,
    )
    endpoints = endpoint_figures(dict(found.endpoints).get(way.name, ()), found.not_measured)
    load = load_figures(dict(found.load).get(way.name), dict(found.load).get("prior"))
    return merged(own, own_counts, endpoints, load, _sizes(found, way.name))


def _sizes(found: Study, way: str) -> Figures:
    values: dict[Key, float] = {}
    for series in found.scaling:
        for point in series.points:
            values |= {
                ("statement", read.id, point.scale): read.median_ms for read in dict(point.ways).get(way, ())
            }
    return Figures(values)
