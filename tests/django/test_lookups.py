"""For every lookup: the SQL that Django really sends reads the whole table, and with our declaration it uses the index."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.django.lookups_page import page
from tests.django.lookups_table import LOOKUPS, Lookup

from indexical.candidates import generate
from indexical.catalog import snapshot
from indexical.django.compiled import read_index, same
from indexical.errors import EngineFailed, ExtraMissing
from indexical.model import Index, Limits
from indexical.pg.session import connect
from indexical.twin import engine
from indexical.twin.server import PrivateServer
from indexical.workload.sources import open_sources

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "lookups.md"
ROWS = int(os.environ.get("LOOKUP_ROWS", "200000"))
VERSIONS = {15: "/usr/lib/postgresql/15/bin", 18: None}


@dataclass(frozen=True)
class Ran:
    answers: dict[str, dict[str, Any]]
    candidates: dict[str, frozenset[Index]]
    """What the statements of each lookup make us ask the planner about."""


@pytest.fixture(scope="module", params=sorted(VERSIONS), name="ran")
def ran_fixture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = VERSIONS[request.param]
    try:
        found = (
            engine.find(folder, request.param)
            if folder is None or shutil.which("postgres", path=folder)
            else None
        )
    except (EngineFailed, ExtraMissing):
        found = None
    if found is None:
        pytest.skip(f"PostgreSQL {request.param} is not installed")
    with PrivateServer(found, settings={"jit": "off"}) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE lookups")
        url = server.url("lookups")
        answers = {one["topic"]: one for one in _driven(url)}
        yield Ran(answers, _candidates(url, answers, tmp_path_factory.mktemp("statements")))


def _driven(url: str) -> list[dict[str, Any]]:
    given = conninfo_to_dict(url)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "lookups_driver.py")],
        cwd=HERE / "lookups_project",
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(HERE / "lookups_project"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DB_NAME": str(given["dbname"]),
            "DB_HOST": str(given["host"]),
            "DB_PORT": str(given.get("port", "5432")),
            "LOOKUP_ROWS": str(ROWS),
        },
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _candidates(url: str, answers: dict[str, dict[str, Any]], folder: Path) -> dict[str, frozenset[Index]]:
    """From the statements as they were sent to candidates, through the rooms that `advise` goes through."""
    with connect(url) as session:
        catalog = snapshot(session)
    found = {}
    for topic, answer in answers.items():
        path = folder / f"{len(found)}.sql"
        path.write_text(";\n".join(answer.get("sql", ())) + ";\n")
        made = generate(open_sources([str(path)]), catalog, Limits(min_table_pages=1))
        found[topic] = frozenset(one.index for one in made.candidates)
    return found


def scans(nodes: list[list[str]], kind: str) -> bool:
    return any(kind in node[0] for node in nodes)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("lookup", LOOKUPS, ids=[one.topic for one in LOOKUPS])
def test_the_declared_index_serves_the_lookup(ran: Ran, lookup: Lookup) -> None:
    answer = ran.answers[lookup.topic]
    assert "refused" not in answer
    assert answer["declaration"] == lookup.declaration
    assert scans(answer["before"], lookup.before), answer["before"]
    assert not any(node[2] == "x" for node in answer["before"])
    assert any(node[2] == "x" for node in answer["after"]), answer["after"]


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(1200)
def test_the_whole_line_finds_the_index_from_the_statement(ran: Ran) -> None:
    lost = {one.topic for one in LOOKUPS if not _found(ran, one)}
    assert sorted(lost - NOT_FOUND) == []


def _found(ran: Ran, lookup: Lookup) -> bool:
    found = ran.candidates[lookup.topic]
    for keys in (lookup.index, INSTEAD.get(lookup.topic, lookup.index)):
        wanted = read_index(f"CREATE INDEX x ON {keys}", schema="public")[1]
        if any(same(one, wanted) for one in found):
            return True
    return False


INSTEAD = {
    "isnull, few that are not": "lookups_person (id) WHERE nick IS NOT NULL",
    "isnull, few that are": "lookups_event (id) WHERE closed_at IS NULL",
    "rare value with an order": "lookups_event (state, created_at)",
    "range on a large table in order of time": "lookups_event (created_at)",
    "month and day": "lookups_event ((EXTRACT(DAY FROM day)), (EXTRACT(MONTH FROM day)))",
    "order by with nulls last": "lookups_event (closed_at NULLS FIRST)",
    "keyset page": "lookups_event (created_at, id)",
    "latest": "lookups_event (created_at)",
    "subquery with OuterRef": "lookups_event (owner_id, created_at)",
    "uuid": "lookups_figure (key)",
    "range with a number": "lookups_collection USING gist (days)",
    "array with a number": "lookups_collection USING gin (tags)",
}
"""Where the line from statement to candidate thinks of another index that does the same work."""
NOT_FOUND = frozenset({"Collate", "Q of alternatives", "exclude", "trigram_similar"})
"""Lookups whose index is declared and used, but which the statement alone does not make it think of."""


def test_every_lookup_has_a_topic_of_its_own() -> None:
    assert len({one.topic for one in LOOKUPS}) == len(LOOKUPS)


def test_the_documentation_shows_the_table_that_is_tested() -> None:
    assert DOCS.read_text() == page(), "python -m tests.django.lookups_page > docs/lookups.md"
