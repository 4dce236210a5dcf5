"""The scaling series: documented queries on databases of growing size, under the three index sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from indexical.demo.databases import BLANK, WAYS
from indexical.demo.project import DjangoProject
from indexical.demo.study.plan import Size, StudyPlan
from indexical.errors import IndexicalError
from indexical.measure.scaling import measure_size
from indexical.model import NotMeasured
from indexical.model.scaling import ScalePoint, ScalingSeries
from indexical.model.three_ways import Study
from indexical.pg.session import connect
from indexical.report.units import number
from indexical.workload.sources import open_sources

if TYPE_CHECKING:
    from indexical.demo.story import Stage

_PREFIX = "size_"
SAMPLES = 3
RUNS = 5
BUDGET_MS = 2_500.0
"""For one statement on one database: a full scan of a million rows takes a tenth of it."""


def added(stage: Stage, plan: StudyPlan, advice: Mapping[str, Any], so_far: Study) -> Study:
    """The study with its scaling series; a size that fails is noted, and the others stand."""
    points: list[ScalePoint] = []
    missed: list[NotMeasured] = []
    for size in plan.sizes:
        try:
            points.append(_point(stage, plan, size, advice))
        except IndexicalError as error:
            what = f"{size.scale} {plan.unit}"
            stage.narrator.say(f"Not measured: {what}: {error}")
            missed.append(NotMeasured(what, what, str(error)))
    series = (ScalingSeries(plan.title, plan.unit, tuple(points)),) if points else ()
    return replace(so_far, scaling=(*so_far.scaling, *series), not_measured=(*so_far.not_measured, *missed))


def _point(stage: Stage, plan: StudyPlan, size: Size, advice: Mapping[str, Any]) -> ScalePoint:
    with stage.narrator.step(f"{size.scale} {plan.unit}, under all three") as step, ExitStack() as stack:
        if size.arguments:
            databases = stack.enter_context(_databases(stage, size, advice))
            documented = stage.file(f"documented-{size.scale}.sql")
        else:
            databases = {way: stage.url(name) for way, name in stage.databases.items()}
            documented = stage.file("documented.sql")
        sessions = {way: stack.enter_context(connect(url)) for way, url in databases.items()}
        point = measure_size(
            size.scale,
            sessions,
            open_sources([str(documented)]),
            size.statements or plan.statements,
            runs=RUNS,
            samples=SAMPLES,
            budget_ms_per_statement=BUDGET_MS,
            on_event=step.event,
        )
        step.result = f"{number(point.rows)} rows in all"
        return point


@contextmanager
def _databases(stage: Stage, size: Size, advice: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Three databases with the same rows and the three index sets; way → URL. They are gone at the end."""
    names = {way: f"{_PREFIX}{way}" for way in WAYS}
    try:
        with connect(stage.url("postgres"), read_only=False, statement_timeout_ms=600_000) as session:
            session.execute(f"CREATE DATABASE {names['prior']} TEMPLATE {BLANK} STRATEGY FILE_COPY")
        project = DjangoProject(
            stage.manifest.directory,
            stage.url(names["prior"]),
            stage.manifest.settings,
            stage.manifest.environment,
        )
        project.manage(stage.manifest.load, *size.arguments)
        project.manage(stage.manifest.documented, "-o", str(stage.file(f"documented-{size.scale}.sql")))
        if size.grow:
            with connect(stage.url(names["prior"]), read_only=False, statement_timeout_ms=600_000) as session:
                session.execute(size.grow)
        with connect(stage.url("postgres"), read_only=False, statement_timeout_ms=600_000) as session:
            for way in ("guide", "indexical"):
                session.execute(f"CREATE DATABASE {names[way]} TEMPLATE {names['prior']} STRATEGY FILE_COPY")
        DjangoProject(
            stage.manifest.directory,
            stage.url(names["guide"]),
            stage.manifest.guide_settings,
            stage.manifest.environment,
        ).manage("migrate", *stage.manifest.guide_target, "--verbosity", "0")
        _build(stage.url(names["indexical"]), advice)
        for name in names.values():
            with connect(stage.url(name), read_only=False, statement_timeout_ms=600_000) as session:
                session.execute("VACUUM ANALYZE")
        yield {way: stage.url(name) for way, name in names.items()}
    finally:
        with connect(stage.url("postgres"), read_only=False) as session:
            for name in names.values():
                session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _build(url: str, advice: Mapping[str, Any]) -> None:
    """The advice for the demo's own rows, as SQL: what to create, then what to drop."""
    with connect(url, read_only=False, statement_timeout_ms=600_000) as session:
        for item in (*advice["create"], *advice["drop"]):
            session.execute(str(item["ddl"]))
