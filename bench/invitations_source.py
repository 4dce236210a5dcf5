"""The invitation platform with all its data and the 42 indexes of a published guide, for benchmarks."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

from indexical.demo.examples import manifest
from indexical.demo.project import DjangoProject
from indexical.model import Statement
from indexical.pg.session import connect
from indexical.twin.server import PrivateServer
from indexical.workload.sources import open_sources


def example_source(server: PrivateServer, cache: Path, scale: str) -> tuple[Any, ...]:
    """URL, names of the guide's indexes, configurations, statements with values, and one query of two tables.

    The statements are the documented queries and those that were captured while the project answered HTTP requests.
    """
    facts = manifest("invitations")
    ready = f"invitations_{scale}_ready"
    file = cache / f"documented-{scale}-{server.engine.major}.sql"
    with connect(server.url(), read_only=False, statement_timeout_ms=0) as admin:
        there = admin.rows("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", (ready,))
        if not there or not file.exists() or not file.with_suffix(".jsonl").exists():
            admin.execute(f"DROP DATABASE IF EXISTS {ready}")
            admin.execute("DROP DATABASE IF EXISTS invitations_loading")
            admin.execute("CREATE DATABASE invitations_loading")
            _load(server.url("invitations_loading"), facts, scale, file)
            admin.execute(f"ALTER DATABASE invitations_loading RENAME TO {ready}")
    with connect(server.url(ready)) as session:
        guide = tuple(row["name"] for row in session.rows("SELECT name FROM bench_guide ORDER BY name"))
    workload = open_sources([str(file), str(file.with_suffix(".jsonl"))])
    questions = tuple(
        (statement, values)
        for statement in workload.statements
        # What Django asks of PostgreSQL's own tables is about no table of the project's.
        if "pg_class" not in statement.sql
        for values in (statement.samples[:2] or ((),))
    )
    questions = tuple(
        (Statement(id=f"{s.id}/{n}", sql=s.sql, types=s.types), values)
        for n, (s, values) in enumerate(questions)
    )
    two = min(questions, key=lambda each: (abs(each[0].sql.upper().count("JOIN ") - 1), each[0].id))
    return server.url(ready), guide, _configurations(guide), questions, two


def _load(url: str, facts: Any, scale: str, file: Path) -> None:
    project = DjangoProject(facts.directory, url, facts.settings, {**facts.environment, "INDEXICAL_APP": "0"})
    handles = file.with_suffix(".json")
    project.manage("migrate", "--verbosity", "0")
    project.manage(facts.load, "--scale", scale, "--handles", str(handles))
    project.manage(facts.documented, "-o", str(file))
    _capture(DjangoProject(facts.directory, url, facts.settings, facts.environment), facts, scale, handles)
    with connect(url, read_only=False, statement_timeout_ms=0) as session:
        session.execute("CREATE TABLE bench_before AS SELECT indexname AS name FROM pg_catalog.pg_indexes")
    guide = DjangoProject(
        facts.directory, url, facts.guide_settings, {**facts.environment, "INDEXICAL_APP": "0"}
    )
    guide.manage("migrate", "--verbosity", "0")
    with connect(url, read_only=False, statement_timeout_ms=0) as session:
        session.execute(
            "CREATE TABLE bench_guide AS SELECT indexname AS name FROM pg_catalog.pg_indexes"
            " WHERE schemaname = 'public' AND indexname NOT IN (SELECT name FROM bench_before)"
        )
        session.execute("DROP TABLE bench_before")
        session.execute("CREATE EXTENSION pageinspect")
        session.execute("VACUUM (ANALYZE)")


def _capture(project: DjangoProject, facts: Any, scale: str, handles: Path) -> None:
    with project.serve(handles.with_suffix(".jsonl")) as base_url:
        requests = str(facts.requests[scale])
        options = ("--base-url", base_url, "--requests", requests, "--handles", str(handles))
        project.run([sys.executable, facts.drive, *options], facts.drive)


def _configurations(names: tuple[str, ...]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {"none": ((), ()), "all": (names, ())}
    chance = random.Random(42)
    for number in range(13):
        share = 0.1 + 0.06 * number
        found[f"random {share:.0%}"] = (tuple(name for name in names if chance.random() < share), ())
    return found
