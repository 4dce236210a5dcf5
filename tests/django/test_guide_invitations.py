"""The invitation guide's load test in its honest form: plans are asserted, times are recorded, and no index means red.

The cases stand in ``guide_cases/invitations_cases.py`` and are run by Django's own test runner in the example project, on a
database that has the guide's 42 indexes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]

CASES = Path(__file__).parent / "guide_cases"


def run_cases(
    project: Path, module: str, url: str, figures: Path, settings: str = "config.settings_guide"
) -> tuple[str, dict[str, dict[str, Any]]]:
    """What the runner said, and the recorded figures by name. Raises AssertionError when a case failed or none ran."""
    done = subprocess.run(
        [sys.executable, "manage.py", "test", module, "--noinput", "--verbosity", "2"],
        cwd=project,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": settings,
            "INDEXICAL_APP": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(CASES),
            "GUIDE_FIGURES": str(figures),
        },
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    assert "skipped" not in done.stderr, done.stderr[-3000:]
    lines = figures.read_text(encoding="utf-8").splitlines() if figures.exists() else []
    return done.stderr, {entry["name"]: entry for entry in map(json.loads, lines)}


@pytest.fixture(scope="module")
def run(
    new_database: Callable[[], str], invitations_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, dict[str, Any]]]:
    figures = tmp_path_factory.mktemp("figures") / "figures.jsonl"
    return run_cases(invitations_project, "invitations_cases", new_database(), figures)


@pytest.mark.parametrize(
    "case",
    [
        "test_orders_of_a_user_by_status",
        "test_orders_are_red_when_the_index_is_dropped",
        "test_orders_are_red_when_every_index_of_the_user_is_dropped",
        "test_templates_of_a_plan",
        "test_the_duplicate_check_of_a_guest",
        "test_the_duplicate_check_is_red_when_all_its_indexes_are_dropped",
    ],
)
def test_the_plan_decides(run: tuple[str, dict[str, Any]], case: str) -> None:
    (line,) = [line for line in run[0].splitlines() if line.startswith(f"{case} (")]
    at = run[0].splitlines().index(line)
    # A case with a docstring has its outcome on the line below.
    assert any(each.endswith("... ok") for each in run[0].splitlines()[at : at + 2])


@pytest.mark.parametrize("query", ["orders", "templates", "guests"])
def test_each_query_is_run_a_hundred_times(
    run: tuple[str, dict[str, Any]], query: str, record_property: Callable[[str, object], None]
) -> None:
    figures = run[1][query]
    record_property("figures", json.dumps(figures))
    assert figures["runs"] == 100
    assert 0 < figures["median_ms"] <= figures["p95_ms"]
    assert figures["average_ms"] > 0
