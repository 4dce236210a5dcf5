"""The demo's story: load, record, advise, write, apply, verify, and measure three ways.

Every step that a user would type is run as the command a user would type, in the copied project; only the server, the
comparison databases and the measuring are set up from here.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexical.demo import compare
from indexical.demo.databases import BLANK, of_ways
from indexical.demo.examples import Manifest, check_installation, manifest
from indexical.demo.narrator import Narrator
from indexical.demo.project import DjangoProject
from indexical.demo.study import StudyPlan, read_plan, study
from indexical.errors import InputError, NotHeld
from indexical.measure.lockprobe import WriterProbe
from indexical.model import NotMeasured, ThreeWays
from indexical.pg.session import connect
from indexical.report.units import milliseconds, number, plural, size
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer

SERVER_SETTINGS = {
    # The rows fit in memory, as a small platform's hot rows do, so a random page costs little more than a sequential one.
    "random_page_cost": "1.1",
    "effective_cache_size": "1GB",
    # One process a plan, no compilation: times on a busy laptop stay comparable.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    # The demo vacuums and analyses all three databases itself, so that none of them is caught in between.
    "autovacuum": "off",
    "fsync": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "timezone": "UTC",
    "max_connections": "60",
}


UNUSED_AFTER = ("--unused-after", "0s")
"""In the demo the recorded traffic is all that ever runs, so an index that it does not scan is unused at once."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything the steps share."""

    manifest: Manifest
    scale: str
    folder: Path
    server: PrivateServer
    narrator: Narrator
    plan: StudyPlan | None = None
    """What to study beyond the three ways; None for nothing."""

    @property
    def databases(self) -> dict[str, str]:
        """Way → database."""
        return of_ways(self.manifest.database)

    @property
    def own_url(self) -> str:
        """Of the project's own database."""
        return self.url(self.manifest.database)

    def url(self, database: str) -> str:
        return self.server.url(database)

    @property
    def project(self) -> DjangoProject:
        """The copied project: the one that gets edited."""
        return DjangoProject(
            self.folder / "project", self.own_url, self.manifest.settings, self.manifest.environment
        )

    @property
    def guide_project(self) -> DjangoProject:
        """The project as it was, with the guide's indexes switched on, on a copy of the database."""
        return DjangoProject(
            self.manifest.directory,
            self.url("guide"),
            self.manifest.guide_settings,
            self.manifest.environment,
        )

    def file(self, name: str) -> Path:
        return self.folder / name


def run_demo(
    example: str,
    scale: str,
    *,
    studied: bool = False,
    keep: Path | None = None,
    quiet: bool = False,
    width: int = 120,
    color: bool = False,
) -> ThreeWays:
    """Runs the demo and returns its three-way table.

    Args:
        studied: also measure the project served over HTTP and under load, and at other sizes, and judge the guide's claims.
        keep: a folder to keep the database, the edited project and the files in; otherwise all is removed.
        quiet: tell nothing.

    Raises:
        ExtraMissing: a package that the demo needs is not installed.
        InputError: ``keep`` is not an empty or new folder.
        EngineFailed: no PostgreSQL could be started.
        NotHeld: a step of the example failed.
    """
    facts = manifest(example)
    check_installation(facts.needs, study=studied)
    plan = read_plan(facts.directory, scale) if studied else None
    started = time.monotonic()
    narrator = Narrator(quiet, width, color)
    with _folder(keep) as folder, _stage(facts, scale, folder, keep is not None, narrator, plan) as stage:
        _prepare(stage)
        _record(stage)
        advice = _advise(stage)
        _write(stage)
        _copy_databases(stage)
        held = _apply(stage)
        _guide(stage)
        result = compare.three_ways(stage, advice, started)
        if not held:
            missed = NotMeasured("verify", "the advice as a whole", "verify found that not all of it held")
            result = replace(result, not_measured=(*result.not_measured, missed))
        if plan is not None:
            result = study(stage, plan, advice, result)
        if keep is not None:
            narrator.title(
                f"Kept in {keep}: project/ (edited), database/, capture.jsonl, documented.sql, advice.json"
            )
        narrator.blank()
        return result


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="indexical-demo-") as name:
            yield Path(name)
        return
    try:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise InputError(f"{keep} is not an empty folder; choose another one for --keep")
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{keep} cannot be made: {error.strerror}; choose another folder for --keep"
        ) from None
    yield keep.resolve()


@contextmanager
def _stage(
    facts: Manifest, scale: str, folder: Path, keep: bool, narrator: Narrator, plan: StudyPlan | None
) -> Iterator[Stage]:
    narrator.title(f"{facts.title}, scale {scale}")
    shutil.copytree(
        facts.directory, folder / "project", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    engine = find()
    server = PrivateServer(
        engine,
        directory=folder / "database" if keep else None,
        settings=SERVER_SETTINGS,
        shared_buffers="256MB",
    )
    try:
        with narrator.step("PostgreSQL starts, private to this demo") as step:
            server.start()
            step.result = f"version {engine.version}"
        yield Stage(facts, scale, folder, server, narrator, plan)
    finally:
        server.stop()


def _prepare(stage: Stage) -> None:
    with connect(stage.url("postgres"), read_only=False) as session:
        session.execute(f"CREATE DATABASE {stage.manifest.database}")
    project = stage.project
    with stage.narrator.step("manage.py migrate: the project as it was, with the indexes it had"):
        project.manage("migrate", "--verbosity", "0")
    if stage.plan is not None:
        with connect(stage.url("postgres"), read_only=False) as session:
            session.execute(f"CREATE DATABASE {BLANK} TEMPLATE {stage.manifest.database} STRATEGY FILE_COPY")
    with stage.narrator.step(
        f"manage.py {stage.manifest.load}: rows at the published counts, skewed as real ones"
    ) as step:
        project.manage(
            stage.manifest.load, "--scale", stage.scale, "--handles", str(stage.file("handles.json"))
        )
        with connect(stage.own_url) as session:
            facts = compare.database_facts(session)
        step.result = (
            f"{number(facts.rows)} rows, {size(facts.bytes)}, {plural(facts.indexes, 'index', 'indexes')}"
        )


def _record(stage: Stage) -> None:
    project = stage.project
    requests = stage.manifest.requests[stage.scale]
    with stage.narrator.step(f"capture: {number(requests)} HTTP requests in the project's own mix") as step:
        with project.serve(stage.file("capture.jsonl")) as base_url:
            driver = [
                *compare.python(),
                stage.manifest.drive,
                *(
                    "--base-url",
                    base_url,
                    "--requests",
                    str(requests),
                    "--handles",
                    str(stage.file("handles.json")),
                ),
            ]
            summary = json.loads(project.run(driver, stage.manifest.drive).stdout)
        with stage.file("capture.jsonl").open(encoding="utf-8") as stream:
            records = sum(1 for _ in stream) - 1  # The first line says what the file is.
        step.result = (
            f"{number(summary['requests'])} requests in {summary['seconds']:.0f} s, {number(records)} records"
        )
    with stage.narrator.step("the documented queries, as a second workload"):
        project.manage(stage.manifest.documented, "-o", str(stage.file("documented.sql")))
    with stage.narrator.step("VACUUM ANALYZE"), connect(stage.own_url, read_only=False) as session:
        session.execute("VACUUM ANALYZE")


def _workload(stage: Stage) -> list[str]:
    return ["--workload", str(stage.file("capture.jsonl")), "--workload", str(stage.file("documented.sql"))]


def _advise(stage: Stage) -> dict[str, Any]:
    advice = stage.file("advice.json")
    with stage.narrator.step("the planner twin answers what-if questions; the solver chooses"):
        text = stage.project.manage(
            "indexes", "advise", *_workload(stage), *UNUSED_AFTER, "--save", str(advice)
        )
    options = " ".join(
        ("--workload capture.jsonl --workload documented.sql", *UNUSED_AFTER, "--save advice.json")
    )
    stage.narrator.command(f"python manage.py indexes advise {options}", text)
    document: dict[str, Any] = json.loads(advice.read_text(encoding="utf-8"))
    return document


def _write(stage: Stage) -> None:
    project = stage.project
    outside = ("--outside-app", stage.manifest.outside_app) if stage.manifest.outside_app else ()
    text = project.manage_aloud("indexes", "write", "--advice", str(stage.file("advice.json")), *outside)
    stage.narrator.command(" ".join(("python manage.py indexes write --advice advice.json", *outside)), text)
    text = project.manage("makemigrations", "--check", "--dry-run")
    stage.narrator.command("python manage.py makemigrations --check --dry-run", text)


def _copy_databases(stage: Stage) -> None:
    """Three fresh copies, so that none of the three ways has files with another history than the others."""
    with (
        stage.narrator.step(
            f"three copies of the database: one stays as it was, one is for the guide's {stage.manifest.guide_count}, one goes on"
        ),
        connect(stage.url("postgres"), read_only=False) as session,
    ):
        session.execute(f"ALTER DATABASE {stage.manifest.database} RENAME TO recorded")
        for name in stage.databases.values():
            session.execute(f"CREATE DATABASE {name} TEMPLATE recorded STRATEGY FILE_COPY")
        session.execute("DROP DATABASE recorded")


def _apply(stage: Stage) -> bool:
    """Whether everything held that the advice promised."""
    project = stage.project
    probe = WriterProbe(lambda: connect(stage.own_url, read_only=False), stage.manifest.probe, [{}])
    with probe:
        text = project.manage("indexes", "apply")
    stage.narrator.command("python manage.py indexes apply", text)
    seen = probe.report()
    stage.narrator.say(
        f"Meanwhile a writer made {number(seen.count)} updates; the slowest took {milliseconds(seen.max_ms)}."
    )
    if seen.errors:
        raise NotHeld(f"the writer beside the build was refused: {seen.errors[0]}")
    held, text = project.manage_told(
        "indexes", "verify", "--advice", str(stage.file("advice.json")), *_workload(stage)
    )
    stage.narrator.command("python manage.py indexes verify --advice advice.json --workload ...", text)
    if not held:
        stage.narrator.say(
            "Not everything held: the list above says what. The measuring goes on with what there is."
        )
    return held


def _guide(stage: Stage) -> None:
    count = stage.manifest.guide_count
    with stage.narrator.step(f"the guide's {count} indexes, built by its own migrations in the second copy"):
        stage.guide_project.manage("migrate", *stage.manifest.guide_target, "--verbosity", "0")
    with connect(stage.url("prior")) as prior, connect(stage.url("guide")) as guide:
        added = compare.database_facts(guide).indexes - compare.database_facts(prior).indexes
        if added != count:
            raise NotHeld(
                f"the guide's migrations built {added} indexes instead of the {count} that demo.toml names"
            )
        for line in compare.audit_lines(prior, guide):
            stage.narrator.say(line)
