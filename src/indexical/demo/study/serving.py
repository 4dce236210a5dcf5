"""The project as gunicorn serves it, over the three databases: every endpoint's latency, and the same mix under load.

The code is the project's as it was, three times; only the database differs. The three take turns, request by request, and under
load step by step, so that whatever slows the machine down for a while slows all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from indexical.demo import compare
from indexical.demo.project import DjangoProject
from indexical.demo.study.plan import StudyPlan
from indexical.errors import IndexicalError, InputError
from indexical.measure.served.latency import measure_endpoints
from indexical.measure.served.load import Plan, load_test
from indexical.measure.served.requests_file import read
from indexical.measure.served.serving import serve
from indexical.model import NotMeasured
from indexical.model.served import EndpointLatency, LoadRun
from indexical.model.three_ways import Study
from indexical.pg.session import connect
from indexical.report.units import number

if TYPE_CHECKING:
    from indexical.demo.story import Stage

WORKERS = 2
BUDGET_MS = 4_000.0
"""For one endpoint on one database."""


def added(stage: Stage, plan: StudyPlan, so_far: Study) -> Study:
    """The study with endpoints and load; load that fails is noted, and the endpoints stand."""
    with _served(stage) as bases:
        requests = _write_requests(stage, plan, bases["prior"])
        so_far = _endpoints(stage, plan, bases, requests, so_far)
        try:
            return replace(so_far, load=_load(stage, plan, bases, requests))
        except IndexicalError as error:
            stage.narrator.say(f"Not measured: load: {error}")
            missed = NotMeasured("load", "load", str(error))
            return replace(so_far, not_measured=(*so_far.not_measured, missed))


@contextmanager
def _served(stage: Stage) -> Iterator[dict[str, str]]:
    """Way → base URL of a server of its own."""
    with ExitStack() as stack:
        bases = {}
        with stage.narrator.step(f"gunicorn serves the project over each database, {WORKERS} workers each"):
            for way, name in stage.databases.items():
                project = _project(stage, name)
                bases[way] = stack.enter_context(
                    serve(
                        directory=project.directory,
                        environment=project.environment(),
                        workers=WORKERS,
                        log=stage.file(f"gunicorn-{way}.log"),
                    )
                )
        yield bases


def _project(stage: Stage, database: str) -> DjangoProject:
    return DjangoProject(
        stage.manifest.directory, stage.url(database), stage.manifest.settings, stage.manifest.environment
    )


def _write_requests(stage: Stage, plan: StudyPlan, base: str) -> Path:
    """The project's own mix as a file, with tokens that all three databases take: their users are the same."""
    target = stage.file("requests.jsonl")
    command = [
        *compare.python(),
        stage.manifest.drive,
        *("--base-url", base, "--requests", str(plan.requests), "--handles", str(stage.file("handles.json"))),
        *("--write-requests", str(target)),
    ]
    _project(stage, stage.databases["prior"]).run(command, stage.manifest.drive)
    return target


def _endpoints(
    stage: Stage, plan: StudyPlan, bases: Mapping[str, str], requests: Path, so_far: Study
) -> Study:
    with stage.narrator.step("every endpoint over HTTP, in all three, in turn") as step:
        found = measure_endpoints(
            bases,
            read(requests),
            runs=plan.runs,
            requests_per_endpoint=plan.per_endpoint,
            writes=True,
            budget_ms=BUDGET_MS,
            on_event=step.event,
        )
        shared = set.intersection(
            *({item.id for item in items if isinstance(item, EndpointLatency)} for items in found.values())
        )
        step.result = f"{number(len(shared))} endpoints"
    missed = [item for items in found.values() for item in items if isinstance(item, NotMeasured)]
    return replace(
        so_far,
        endpoints=tuple(
            (way, tuple(item for item in items if isinstance(item, EndpointLatency) and item.id in shared))
            for way, items in found.items()
        ),
        not_measured=tuple(dict.fromkeys((*so_far.not_measured, *missed))),
    )


def _load(
    stage: Stage, plan: StudyPlan, bases: Mapping[str, str], requests: Path
) -> tuple[tuple[str, LoadRun], ...]:
    runs: dict[str, LoadRun] = {}
    with ExitStack() as stack:
        sessions = {
            way: stack.enter_context(connect(stage.url(name))) for way, name in stage.databases.items()
        }
        for turn, users in enumerate(plan.users):
            with stage.narrator.step(
                f"the same mix, {users} at once, {plan.seconds:.0f} s in each of the three"
            ) as step:
                names = [*bases][turn % len(bases) :] + [*bases][: turn % len(bases)]
                for way in names:
                    part = load_test(
                        bases[way],
                        requests,
                        Plan((users,), plan.seconds, plan.warm_up, plan.target_p95_ms, writes=True),
                        session=sessions[way],
                    )
                    runs[way] = _joined(runs.get(way), part)
                step.result = ", ".join(f"{way} {number(runs[way].steps[-1].per_second)}/s" for way in bases)
    if not all(step.requests for run in runs.values() for step in run.steps):
        raise InputError("a step of the load got no answer as expected: there is nothing to compare")
    return tuple((way, runs[way]) for way in bases)


def _joined(so_far: LoadRun | None, part: LoadRun) -> LoadRun:
    if so_far is None:
        return part
    return replace(
        so_far, steps=(*so_far.steps, *part.steps), not_measured=(*so_far.not_measured, *part.not_measured)
    )
